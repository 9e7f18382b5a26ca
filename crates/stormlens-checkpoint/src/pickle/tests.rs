use super::{Fault, Value, unpickle};

#[track_caller]
fn check(pickle: &[u8], expected: Value) {
    let found = unpickle(pickle).unwrap();
    assert_eq!(found.root, expected);
    assert_eq!(found.n_bytes, pickle.len());
}

#[test]
fn numbers() {
    check(b"K\xff.", Value::Int(255));
    check(b"M\x01\x80.", Value::Int(32769));
    check(b"J\xfe\xff\xff\xff.", Value::Int(-2));
    check(b"\x8a\x00.", Value::Int(0));
    check(b"\x8a\x01\xff.", Value::Int(-1));
    check(b"\x8a\x02\xff\x00.", Value::Int(255));
    check(b"\x8a\x08\0\0\0\0\0\0\0\x80.", Value::Int(i64::MIN));
    check(b"\x8a\x09\0\0\0\0\0\0\0\0\x01.", Value::Long(&[0, 0, 0, 0, 0, 0, 0, 0, 1]));
    check(b"\x8b\x01\0\0\0\x07.", Value::Int(7));
    check(b"G\x3f\xf8\0\0\0\0\0\0.", Value::Float(1.5));
    check(b"G\x7f\xf0\0\0\0\0\0\0.", Value::Float(f64::INFINITY));
}

#[test]
fn constants_and_text() {
    check(b"N.", Value::None);
    check(b"\x88.", Value::Bool(true));
    check(b"\x89.", Value::Bool(false));
    check("X\u{3}\0\0\0é!.".as_bytes(), Value::Text("é!"));
    check(b"\x8c\x02ab.", Value::Text("ab"));
    check(b"\x8d\x02\0\0\0\0\0\0\0ab.", Value::Text("ab"));
    check(b"\x80\x02N.", Value::None);
    check(b"\x95\x02\0\0\0\0\0\0\0N.", Value::None);
}

#[test]
fn the_memo_remembers() {
    check(b"K\x01q\x05K\x02h\x05.", Value::Int(1));
    check(b"K\x01r\x05\0\0\0K\x02j\x05\0\0\0.", Value::Int(1));
    check(b"K\x01\x94K\x02\x94h\x00.", Value::Int(1));
    check(b"K\x01q\x05K\x02q\x05h\x05.", Value::Int(2));
}

/// The items of the sequence on top.
#[track_caller]
fn check_items(pickle: &[u8], expected: &[Value]) {
    let found = unpickle(pickle).unwrap();
    let (Value::Tuple(at) | Value::List(at)) = found.root else { panic!("{:?}", found.root) };
    assert_eq!(found.heap.sequences[at], expected);
}

#[test]
fn sequences() {
    check_items(b").", &[]);
    check_items(b"(t.", &[]);
    check_items(b"N\x88\x86.", &[Value::None, Value::Bool(true)]);
    check_items(b"K\x01K\x02K\x03\x87.", &[1, 2, 3].map(Value::Int));
    check_items(b"](K\x01K\x02eK\x03a.", &[1, 2, 3].map(Value::Int));
    // A list that was remembered before it was filled is the same list.
    check_items(b"]q\x00K\x01ah\x00.", &[Value::Int(1)]);
}

#[test]
fn dictionaries_keep_their_order_and_their_last_value() {
    let found = unpickle(b"}(X\x01\0\0\0bK\x01X\x01\0\0\0aK\x02uX\x01\0\0\0bK\x03s.").unwrap();
    let Value::Dict(at) = found.root else { panic!("{:?}", found.root) };
    let dict = &found.heap.dicts[at];
    assert_eq!(dict.items[1], (Value::Text("a"), Value::Int(2)));
    assert_eq!(dict.get("b"), Some(Value::Int(3)));
    assert_eq!(dict.get("c"), None);
}

#[track_caller]
fn check_error(pickle: &[u8], expected: &str) {
    match unpickle(pickle) {
        Err(Fault::Damaged(message) | Fault::Unsupported(message)) => {
            assert!(message.contains(expected), "`{expected}` is not in `{message}`");
        }
        other => panic!("{expected}: {other:?}"),
    }
}

#[test]
fn the_stack_is_guarded() {
    check_error(b"", "truncated");
    check_error(b".", "a value is missing");
    check_error(b"a", "a value is missing");
    check_error(b"t", "a mark is missing");
    check_error(b"K\x01(.", "a value is missing");
    check_error(b"K\x01(\x85.", "a value is missing");
    check_error(b"}K\x01(s", "a value is missing");
    check_error(b"}(K\x01u", "a dictionary is filled wrongly");
    check_error(b"(q\x00", "a value is missing");
    check_error(b"N\x85R", "a value is missing");
    check_error(b"\x80\x01N.", "protocol 1");
    check_error(b"\x80\x06N.", "protocol 6");
    check_error(b"K\x01K\x02\x93.", "a name is not a string");
    check_error(b"cos", "truncated");
}

#[test]
fn the_pickle_ends_where_it_says() {
    assert_eq!(unpickle(b"\x80\x02N.rest").unwrap().n_bytes, 4);
}

#[test]
fn every_opcode_survives_every_stack() {
    let stacks: [&[u8]; 8] =
        [b"", b"N", b"(", b"(NN", b"]N", b"}NN", b"ctorch\ndevice\n)", b"cargparse\nNamespace\n)"];
    for stack in stacks {
        for opcode in 0..=255u8 {
            for operand in [&b""[..], b"\0\0\0\0\0\0\0\0\n\n.", &[0xff; 12]] {
                // Neither panics nor hangs, whatever it says.
                let _ = unpickle(&[stack, &[opcode], operand].concat());
            }
        }
    }
}
