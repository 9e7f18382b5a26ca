//! The program itself: it starts, says where, stops when told, and explains why it cannot start.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::data;

fn stormlens(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormlens"));
    command.args(arguments).arg("--data").arg(data()).args(["--device", "cpu"]);
    command
}

/// A running server and the address that it printed.
pub fn start(arguments: &[&str]) -> (Child, String) {
    let mut command = stormlens(arguments);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").expect("it says where").1.to_owned();
    (process, address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_first_page_comes_at_once() {
    let started = Instant::now();
    let (mut process, address) = start(&["serve", "--bind", "127.0.0.1:0"]);
    let page = get(&address, "/");
    println!("start to first page: {:?}", started.elapsed());
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
#[cfg(unix)]
fn it_serves_without_a_command_and_stops_in_order() {
    let (mut process, address) = start(&["--bind", "127.0.0.1:0"]);
    assert!(get(&address, "/healthz").ends_with("ok\n"));
    let told = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(told.success());
    let limit = Instant::now() + Duration::from_secs(30);
    let status = loop {
        match process.try_wait().unwrap() {
            Some(status) => break status,
            None => assert!(Instant::now() < limit, "it stops"),
        }
        std::thread::yield_now();
    };
    assert!(status.success());
}

fn refuses(arguments: &[&str], words: &[&str]) {
    let output = stormlens(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?}");
    for word in words {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_port_in_use_is_said_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refuses(&["--bind", &address], &["is already in use", "--bind 127.0.0.1:"]);
}

#[test]
fn bad_options_are_said_with_the_good_ones() {
    refuses(&["serve", "--device", "tpu"], &["tpu"]);
    refuses(&["--bind", "nowhere"], &["--bind"]);
}
