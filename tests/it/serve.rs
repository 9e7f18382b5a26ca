//! The program itself: it starts, says where, stops when told, and explains why it cannot start.

use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::data;

fn stormlens(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormlens"));
    // So that servers of tests do not meet in the folder of the repository.
    command.env("STORMLENS_CACHE", std::env::temp_dir().join("stormlens-tests"));
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

pub fn get(address: &str, path: &str) -> String {
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
    assert!(!page.contains("that come with the program"), "{page}");
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

#[test]
#[cfg(unix)]
fn a_second_signal_ends_it_at_once() {
    let (mut process, address) = start(&["--bind", "127.0.0.1:0"]);
    // A request whose rest never comes would hold it up for seconds.
    let mut half_sent = TcpStream::connect(&address).unwrap();
    half_sent.write_all(b"GET /about HTTP/1.1\r\n").unwrap();
    assert!(get(&address, "/healthz").ends_with("ok\n"));
    let id = process.id().to_string();
    let tell = || Command::new("kill").args(["-TERM", &id]).status();
    assert!(tell().unwrap().success());
    let limit = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(&address).is_ok() {
        assert!(Instant::now() < limit, "it listens no more");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(process.try_wait().unwrap().is_none(), "it waits for what was half sent");
    let told = Instant::now();
    assert!(tell().unwrap().success());
    assert!(!process.wait().unwrap().success(), "not all was done");
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}

#[test]
fn a_second_server_on_the_same_folder_says_so() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().to_str().unwrap();
    let arguments = ["--bind", "127.0.0.1:0", "--cache", folder];
    let (mut first, _) = start(&arguments);
    let mut second = stormlens(&arguments);
    let mut second = second.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(second.stderr.take().unwrap()).lines();
    let said = said.map_while(Result::ok).find(|line| line.contains("another server"));
    for process in [&mut first, &mut second] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let said = said.expect("it says so");
    assert!(said.contains("--cache") && said.contains(folder), "{said}");
}

/// It would wait for ever for somebody to write into the pipe.
#[test]
#[cfg(unix)]
fn a_pipe_among_the_files_does_not_hold_up_the_start() {
    let cache = tempfile::tempdir().unwrap();
    let name = "ab".repeat(32);
    for (folder, file) in [
        ("scenes", name.clone()),
        ("scenes", format!("{name}.json")),
        ("results", name.clone()),
        ("", "lock".to_owned()),
    ] {
        let folder = cache.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        assert!(Command::new("mkfifo").arg(folder.join(file)).status().unwrap().success());
    }
    let folder = cache.path().to_str().unwrap();
    let (mut process, address) = start(&["--bind", "127.0.0.1:0", "--cache", folder]);
    assert!(get(&address, "/scenes").starts_with("HTTP/1.1 200"));
    process.kill().unwrap();
    process.wait().unwrap();
}

/// What it says of a cache folder: at `/readyz`, and in its log.
fn said_of(cache: &std::path::Path) -> (String, String) {
    let mut command = stormlens(&["--bind", "127.0.0.1:0", "--cache", cache.to_str().unwrap()]);
    command.env_remove("STORMLENS_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready = get(line.trim().rsplit_once("http://").expect("it says where").1, "/readyz");
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    (ready, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder below a file cannot be made, and a file in the place of a folder takes none.
#[test]
fn a_folder_in_which_nothing_can_be_kept_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenes");
    std::fs::write(&file, "").unwrap();
    std::fs::write(folder.path().join("lock"), "").unwrap();
    let own = folder.path().to_owned();
    for (cache, words) in [(file.join("cache"), "the"), (own, "“scenes” of the")] {
        let (ready, log) = said_of(&cache);
        let words = format!("nothing can be kept in {words} cache folder (");
        assert!(ready.contains(&words) && ready.contains("--cache"), "{words}: {ready}");
        // Where it lies is not for everybody.
        let path = cache.to_str().unwrap();
        assert!(!ready.contains(path), "{ready}");
        assert!(log.contains("nothing can be kept in") && log.contains(path), "{log}");
    }
}

/// As where it belongs to somebody else: all the same files can be kept.
#[test]
#[cfg(unix)]
fn a_lock_that_cannot_be_opened_is_no_folder_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    // Root may open every file, but not make one in a folder that is not there.
    let nowhere = folder.path().join("nowhere/lock");
    std::os::unix::fs::symlink(nowhere, folder.path().join("lock")).unwrap();
    let (ready, log) = said_of(folder.path());
    assert!(!ready.contains("can be kept") && !log.contains("can be kept"), "{ready} {log}");
    assert!(log.contains("cannot tell whether another server uses"), "{log}");
}

/// Files of the server that is started may have so few bytes, as if the disk were full then.
#[cfg(unix)]
fn start_without_room(n_blocks: usize, cache: &str) -> (Child, String) {
    let program = env!("CARGO_BIN_EXE_stormlens");
    // A write beyond the limit would end the process, were the signal not ignored.
    let script = format!("trap '' XFSZ; ulimit -f {n_blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, program, "--bind", "127.0.0.1:0", "--cache", cache]);
    command.arg("--data").arg(data()).args(["--device", "cpu"]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").expect("it says where").1.to_owned();
    (process, address)
}

/// Uploads files by a form.
#[cfg(unix)]
fn upload(address: &str, path: &str, files: &[(&str, &str, &[u8])]) -> String {
    let mut body = Vec::new();
    for (field, name, bytes) in files {
        write!(
            body,
            "--edge\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n"
        )
        .unwrap();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: multipart/form-data; \
         boundary=edge\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// What cannot be kept for want of room is not said to be taken, and whoever watches the server learns of it.
#[test]
#[cfg(unix)]
fn a_full_disk_is_said_to_who_uploads_and_to_who_watches() {
    let cache = tempfile::tempdir().unwrap();
    let (mut process, address) = start_without_room(1, cache.path().to_str().unwrap());
    let limit = Instant::now() + Duration::from_secs(60);
    while !get(&address, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < limit, "{}", get(&address, "/readyz"));
        std::thread::sleep(Duration::from_millis(50));
    }
    // Noise, which cannot be packed into the few bytes that there are.
    let noise = image::RgbImage::from_fn(128, 128, |x, y| {
        let [a, b, c, _] = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761).to_be_bytes();
        image::Rgb([a, b, c])
    });
    let mut picture = Cursor::new(Vec::new());
    noise.write_to(&mut picture, image::ImageFormat::Png).unwrap();
    let refused = upload(&address, "/scenes", &[("files", "a.png", picture.get_ref())]);
    assert!(refused.starts_with("HTTP/1.1 507"), "{refused}");
    assert!(refused.contains("full"), "{refused}");
    let watched = get(&address, "/readyz");
    assert!(watched.starts_with("HTTP/1.1 503"), "{watched}");
    assert!(watched.contains("the disk is full: uploads cannot be kept"), "{watched}");
    process.kill().unwrap();
    process.wait().unwrap();
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

/// What it says beside its address until it is ready, with these options.
fn said_at_start(more: &[&str]) -> String {
    let arguments = [&["serve", "--bind", "127.0.0.1:0"], more].concat();
    let mut command = stormlens(&arguments);
    command.env_remove("STORMLENS_LOG").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder of scenes is no archive of frames, which is worth a word only to those who ask for more.
#[test]
fn more_is_said_with_v() {
    let more = "not an archive of frames";
    assert!(!said_at_start(&[]).contains(more));
    for option in ["-v", "--verbose", "-vv"] {
        let said = said_at_start(&[option]);
        assert!(said.contains(more), "{option}: {said}");
    }
    let both = stormlens(&["serve", "-q", "-v"]).output().unwrap();
    let said = String::from_utf8_lossy(&both.stderr);
    assert!(!both.status.success() && said.contains("cannot be used with"), "{said}");
}
