//! A stack machine for the pickles of `torch.save`.
//!
//! It interprets the opcodes that a dictionary of tensors needs, as they are defined in Python's
//! `pickletools`, and refuses all others. It never calls anything: what looks like a call builds
//! one of the values of [`value`]. Length, number of values and number of dimensions are limited,
//! so that memory stays in proportion to the file.

mod call;
#[cfg(test)]
mod tests;
mod value;

use std::collections::HashMap;

use super::error::Fault;
use call::{Global, refused};
pub(crate) use value::{Dict, Heap, Storage, TensorView, Value};

/// Largest pickle; that of SAR-UNet with its optimiser's moments has a fifth of a megabyte.
pub(crate) const MAX_PICKLE_BYTES: usize = 4 << 20;

/// Most values that a pickle may make; SAR-UNet's makes about ten thousand.
const MAX_VALUES: usize = 1_000_000;

/// What a pickle describes.
#[derive(Debug)]
pub(crate) struct Pickle<'a> {
    pub(crate) root: Value<'a>,
    pub(crate) heap: Heap<'a>,
    /// Length of the pickle, which may be followed by other data.
    pub(crate) n_bytes: usize,
}

/// Interprets the pickle at the start of `bytes`.
pub(crate) fn unpickle(bytes: &[u8]) -> Result<Pickle<'_>, Fault> {
    let mut machine = Machine {
        input: &bytes[..bytes.len().min(MAX_PICKLE_BYTES)],
        at: 0,
        n_values: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        heap: Heap::default(),
    };
    let root = machine.run().map_err(|fault| match fault {
        Fault::Damaged(_) if bytes.len() > MAX_PICKLE_BYTES && machine.is_at_end() => {
            Fault::Unsupported("its pickle is larger than 4 MiB".into())
        }
        fault => fault,
    })?;
    Ok(Pickle { root, n_bytes: machine.at, heap: machine.heap })
}

struct Machine<'a> {
    input: &'a [u8],
    /// Position of the next byte.
    at: usize,
    n_values: usize,
    stack: Vec<Value<'a>>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
    heap: Heap<'a>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Value<'a>, Fault> {
        loop {
            let opcode = self.byte()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode)?;
        }
    }

    fn step(&mut self, opcode: u8) -> Result<(), Fault> {
        match opcode {
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'K' | b'M' | b'J' | 0x8a | 0x8b | b'G' => self.number(opcode),
            b'X' | 0x8c | 0x8d => self.text(opcode),
            b'(' | b']' | b'}' | b')' | b't' | 0x85..=0x87 => self.container(opcode),
            b'a' | b'e' | b's' | b'u' => self.fill(opcode),
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.remember(opcode),
            b'c' | 0x93 | b'i' => self.name(opcode),
            b'R' | 0x81 | b'b' | b'Q' => self.construct(opcode),
            0x80 => match self.byte()? {
                2..=5 => Ok(()),
                version => Err(Fault::Unsupported(format!("its pickle has protocol {version}"))),
            },
            // A frame's length only helps a reader to fetch ahead.
            0x95 => self.take(8).map(|_| ()),
            other => Err(self.unknown(other)),
        }
    }

    /// `BININT1`, `BININT2`, `BININT`, `LONG1`, `LONG4`, `BINFLOAT`.
    fn number(&mut self, opcode: u8) -> Result<(), Fault> {
        let value = match opcode {
            b'K' => Value::Int(self.byte()?.into()),
            b'M' => Value::Int(u16::from_le_bytes(self.array()?).into()),
            b'J' => Value::Int(i32::from_le_bytes(self.array()?).into()),
            b'G' => Value::Float(f64::from_be_bytes(self.array()?)),
            0x8a => {
                let n_bytes = self.byte()?;
                long(self.take(n_bytes.into())?)
            }
            _ => {
                let n_bytes = i32::from_le_bytes(self.array()?);
                let n_bytes = usize::try_from(n_bytes).map_err(|_| {
                    Fault::Damaged(format!("the pickle has an integer of {n_bytes} bytes"))
                })?;
                long(self.take(n_bytes)?)
            }
        };
        self.push(value)
    }

    /// `BINUNICODE`, `SHORT_BINUNICODE`, `BINUNICODE8`.
    fn text(&mut self, opcode: u8) -> Result<(), Fault> {
        let n_bytes = match opcode {
            b'X' => u64::from(u32::from_le_bytes(self.array()?)),
            0x8c => self.byte()?.into(),
            _ => u64::from_le_bytes(self.array()?),
        };
        let bytes = self.take(usize::try_from(n_bytes).unwrap_or(usize::MAX))?;
        let text = self.utf8(bytes)?;
        self.push(Value::Text(text))
    }

    /// `MARK`, `EMPTY_LIST`, `EMPTY_DICT`, `EMPTY_TUPLE`, `TUPLE`, `TUPLE1` to `TUPLE3`.
    fn container(&mut self, opcode: u8) -> Result<(), Fault> {
        let value = match opcode {
            b'(' => {
                self.count()?;
                self.marks.push(self.stack.len());
                return Ok(());
            }
            b']' => self.heap.new_list(),
            b'}' => self.heap.new_dict(false),
            b')' => self.heap.new_tuple(Vec::new()),
            b't' => {
                let items = self.pop_mark()?;
                self.heap.new_tuple(items)
            }
            _ => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.heap.new_tuple(items)
            }
        };
        self.push(value)
    }

    /// `APPEND`, `APPENDS`, `SETITEM`, `SETITEMS`.
    fn fill(&mut self, opcode: u8) -> Result<(), Fault> {
        let items = match opcode {
            b'a' => self.pop_many(1)?,
            b's' => self.pop_many(2)?,
            _ => self.pop_mark()?,
        };
        match (opcode, self.top()?) {
            (b'a' | b'e', Value::List(at)) => self.heap.sequences[at].extend(items),
            (b's' | b'u', Value::Dict(at)) if items.len().is_multiple_of(2) => {
                let pairs = items.as_chunks().0.iter().map(|&[key, value]| (key, value));
                self.heap.dicts[at].items.extend(pairs);
            }
            (_, other) => return Err(self.damaged(&format!("{} is filled wrongly", other.kind()))),
        }
        Ok(())
    }

    /// `BINPUT`, `LONG_BINPUT`, `MEMOIZE`, `BINGET`, `LONG_BINGET`.
    fn remember(&mut self, opcode: u8) -> Result<(), Fault> {
        let slot = match opcode {
            b'q' | b'h' => self.byte()?.into(),
            b'r' | b'j' => u32::from_le_bytes(self.array()?),
            _ => self.memo.len() as u32,
        };
        if matches!(opcode, b'h' | b'j') {
            let value = self.memo.get(&slot).copied();
            let value = value.ok_or_else(|| self.damaged(&format!("memo {slot} is not set")))?;
            return self.push(value);
        }
        let value = self.top()?;
        self.memo.insert(slot, value);
        Ok(())
    }

    /// `GLOBAL`, `STACK_GLOBAL`; `INST` would also instantiate, so it is refused whatever it names.
    fn name(&mut self, opcode: u8) -> Result<(), Fault> {
        if opcode == 0x93 {
            return match self.pop_many(2)?[..] {
                [Value::Text(module), Value::Text(name)] => self.push_global(module, name),
                _ => Err(self.damaged("a name is not a string")),
            };
        }
        let (module, name) = (self.line()?, self.line()?);
        if opcode == b'i' { Err(refused(module, name)) } else { self.push_global(module, name) }
    }

    fn push_global(&mut self, module: &'a str, name: &'a str) -> Result<(), Fault> {
        self.push(Value::Global(Global::resolve(module, name)?))
    }

    /// `REDUCE`, `NEWOBJ`, `BUILD`, `BINPERSID`.
    fn construct(&mut self, opcode: u8) -> Result<(), Fault> {
        if opcode == b'Q' {
            let id = self.pop()?;
            let storage = self.heap.storage(id)?;
            return self.push(storage);
        }
        let argument = self.pop()?;
        if opcode == b'b' {
            let target = self.top()?;
            return self.heap.build(target, argument);
        }
        let callee = self.pop()?;
        let made = match opcode {
            b'R' => self.heap.call(callee, argument)?,
            _ => self.heap.new_object(callee, argument)?,
        };
        self.push(made)
    }

    /// Every push counts, so that no opcode is free.
    fn count(&mut self) -> Result<(), Fault> {
        self.n_values += 1;
        if self.n_values > MAX_VALUES {
            return Err(Fault::Unsupported(format!("its pickle holds over {MAX_VALUES} values")));
        }
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), Fault> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    /// Values above the last open mark, which belong to the list or call under construction.
    fn n_available(&self) -> usize {
        self.stack.len() - self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value<'a>, Fault> {
        let value = self.top()?;
        self.stack.pop();
        Ok(value)
    }

    fn pop_many(&mut self, n: usize) -> Result<Vec<Value<'a>>, Fault> {
        if self.n_available() < n {
            return Err(self.damaged("a value is missing"));
        }
        Ok(self.stack.split_off(self.stack.len() - n))
    }

    fn pop_mark(&mut self) -> Result<Vec<Value<'a>>, Fault> {
        let height = self.marks.pop().ok_or_else(|| self.damaged("a mark is missing"))?;
        Ok(self.stack.split_off(height))
    }

    fn top(&self) -> Result<Value<'a>, Fault> {
        match self.stack.last() {
            Some(&value) if self.n_available() > 0 => Ok(value),
            _ => Err(self.damaged("a value is missing")),
        }
    }

    fn is_at_end(&self) -> bool {
        self.at == self.input.len()
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let bytes = self.take(N)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        let rest = &self.input[self.at..];
        let Some(taken) = rest.get(..n) else {
            self.at = self.input.len();
            return Err(Fault::truncated("its pickle"));
        };
        self.at += n;
        Ok(taken)
    }

    fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.input[self.at..];
        let n_bytes = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = self.take(n_bytes)?;
        self.take(1)?;
        self.utf8(line)
    }

    fn utf8(&self, bytes: &'a [u8]) -> Result<&'a str, Fault> {
        std::str::from_utf8(bytes).map_err(|_| self.damaged("a string is not UTF-8"))
    }

    fn damaged(&self, what: &str) -> Fault {
        Fault::Damaged(format!("{what} before byte {} of its pickle", self.at))
    }

    fn unknown(&self, opcode: u8) -> Fault {
        let name = match opcode {
            b'o' => "OBJ",
            0x92 => "NEWOBJ_EX",
            b'P' => "PERSID",
            0x82..=0x84 => "EXT",
            b'0' => "POP",
            b'1' => "POP_MARK",
            b'2' => "DUP",
            0x8f..=0x91 => "SET",
            b'B' | b'C' | 0x8e | 0x96 => "BYTES",
            b'U' | b'T' | b'S' | b'V' | b'I' | b'L' | b'F' | b'g' | b'p' | b'l' | b'd' => "text",
            _ => {
                return self
                    .damaged(&format!("0x{opcode:02x} is no opcode of a tensor checkpoint"));
            }
        };
        Fault::Unsupported(format!("its pickle uses {name}, which no tensor checkpoint needs"))
    }
}

/// Little-endian two's complement, as `LONG1` has it.
fn long(bytes: &[u8]) -> Value<'_> {
    if bytes.len() > size_of::<i64>() {
        return Value::Long(bytes);
    }
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    Value::Int(i64::from_le_bytes(std::array::from_fn(|i| *bytes.get(i).unwrap_or(&fill))))
}
