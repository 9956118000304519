//! Health probes against real sockets on loopback: one test per outcome.

use facos::edge::probe::probe;
use facos::model::HealthChecker;
use facos::registry::ProbeOutcome::{HardFailure, Healthy, SoftFailure};
use facos::registry::{ProbeId, ProbeOrder, ProbeOutcome};
use std::net::{SocketAddr, TcpListener as StdListener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

async fn probe_at(ip: &str, port: i32, checker: HealthChecker) -> ProbeOutcome {
    probe(&ProbeOrder { id: ProbeId(1), ip: ip.to_owned(), port, checker }).await.0
}

async fn probe_local(address: SocketAddr, checker: HealthChecker) -> ProbeOutcome {
    probe_at("127.0.0.1", address.port().into(), checker).await
}

fn http(path: &str, headers: &str) -> HealthChecker {
    HealthChecker::Http {
        path: path.to_owned(),
        headers: headers.to_owned(),
        expected_response_code: 418,
    }
}

fn mysql(cmd: &str) -> HealthChecker {
    HealthChecker::Mysql {
        user: Some("nacos".into()),
        pwd: Some("secret".into()),
        cmd: Some(cmd.to_owned()),
    }
}

/// A port that nobody listens on: it was ours until a moment ago.
fn refusing() -> SocketAddr {
    StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A listener whose queue is full, so that the next connection waits without an end.
fn stalled() -> (socket2::Socket, Vec<socket2::Socket>, SocketAddr) {
    use socket2::{Domain, Socket, Type};
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..8)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            // In progress is what a connection without waiting answers.
            let _ = socket.connect(&address);
            socket
        })
        .collect();
    (listener, waiting, address.as_socket().unwrap())
}

/// Answers one connection with `answer`, stays open, and hands over what was asked.
async fn answering(answer: &'static str) -> (SocketAddr, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        tell.send(String::from_utf8(request).unwrap()).unwrap();
        // The prober ends the conversation.
        while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
    });
    (address, asked)
}

#[tokio::test]
async fn tcp_is_healthy_when_the_port_accepts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert_eq!(probe_local(address, HealthChecker::Tcp).await, Healthy);
}

#[tokio::test]
async fn tcp_is_healthy_on_ipv6_and_by_name() {
    if let Ok(listener) = TcpListener::bind("[::1]:0").await {
        let port = listener.local_addr().unwrap().port().into();
        assert_eq!(probe_at("::1", port, HealthChecker::Tcp).await, Healthy);
        assert_eq!(probe_at("[::1]", port, HealthChecker::Tcp).await, Healthy);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().into();
    assert_eq!(probe_at("localhost", port, HealthChecker::Tcp).await, Healthy);
}

#[tokio::test]
async fn a_refused_connection_is_hard_for_every_checker() {
    for checker in [HealthChecker::Tcp, http("/", ""), mysql("select 1")] {
        assert_eq!(probe_local(refusing(), checker).await, HardFailure);
    }
}

#[tokio::test]
async fn a_connection_that_times_out_is_soft_except_for_jdbc() {
    let (_listener, _waiting, address) = stalled();
    let (tcp, http, mysql) = tokio::join!(
        probe_local(address, HealthChecker::Tcp),
        probe_local(address, http("/", "")),
        probe_local(address, mysql("select 1")),
    );
    assert_eq!((tcp, http, mysql), (SoftFailure, SoftFailure, HardFailure));
}

#[tokio::test]
async fn a_timed_out_probe_takes_half_a_second() {
    let (_listener, _waiting, address) = stalled();
    let port = address.port().into();
    let (ip, checker) = ("127.0.0.1".to_owned(), HealthChecker::Tcp);
    let (_, ms) = probe(&ProbeOrder { id: ProbeId(1), ip, port, checker }).await;
    assert!((450..5_000).contains(&ms), "{ms} ms");
}

#[tokio::test]
async fn a_port_that_no_socket_has_counts_except_for_jdbc() {
    for port in [-1, 65_536, i32::MAX, i32::MIN] {
        assert_eq!(probe_at("127.0.0.1", port, HealthChecker::Tcp).await, SoftFailure);
        assert_eq!(probe_at("127.0.0.1", port, http("/", "")).await, SoftFailure);
        assert_eq!(probe_at("127.0.0.1", port, mysql("select 1")).await, HardFailure);
    }
    assert_eq!(probe_at("127.0.0.1", 0, HealthChecker::Tcp).await, HardFailure);
}

#[tokio::test]
async fn a_name_that_cannot_be_looked_up_counts() {
    assert_eq!(probe_at("not a host name", 80, HealthChecker::Tcp).await, SoftFailure);
    assert_eq!(probe_at("", 80, http("/", "")).await, SoftFailure);
}

#[tokio::test]
async fn nobody_looks_at_a_cluster_without_a_checker() {
    assert_eq!(probe_local(refusing(), HealthChecker::None).await, Healthy);
}

#[tokio::test]
async fn http_asks_with_the_agent_and_the_headers_of_the_cluster() {
    let (address, asked) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(probe_local(address, http("/up?a=1", "X-Key:v|Y: w")).await, Healthy);
    let expected = format!(
        "GET /up?a=1 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAccept: */*\r\n\
         User-Agent: VIPServer\r\nX-Key: v\r\nY: w\r\n\r\n"
    );
    assert_eq!(asked.await.unwrap(), expected);
}

#[tokio::test]
async fn http_takes_200_alone_for_healthy() {
    for (answer, expected) in [
        ("HTTP/1.0 200\r\n\r\n", Healthy),
        ("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\n\r\n", SoftFailure),
        ("HTTP/1.1 503 Busy\r\n\r\n", SoftFailure),
        ("HTTP/1.1 201 Created\r\n\r\n", HardFailure),
        ("HTTP/1.1 204 No Content\r\n\r\n", HardFailure),
        ("HTTP/1.1 301 Moved\r\n\r\n", HardFailure),
        ("HTTP/1.1 404 Not Found\r\n\r\n", HardFailure),
        ("HTTP/1.1 418 Teapot\r\n\r\n", HardFailure),
        ("HTTP/1.1 500 Oops\r\n\r\n", HardFailure),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", SoftFailure),
    ] {
        let (address, _asked) = answering(answer).await;
        assert_eq!(probe_local(address, http("/", "")).await, expected, "{answer}");
    }
}

#[tokio::test]
async fn http_without_a_whole_answer_counts() {
    let (silent, _asked) = answering("").await;
    let (half, _asked) = answering("HTTP/1.1 200 OK\r\nx: ").await;
    let (first, second) =
        tokio::join!(probe_local(silent, http("/", "")), probe_local(half, http("/", "")));
    assert_eq!((first, second), (SoftFailure, SoftFailure));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { drop(listener.accept().await) });
    assert_eq!(probe_local(address, http("/", "")).await, SoftFailure);
}

#[tokio::test]
async fn http_does_not_read_an_endless_head() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut line = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
        line.resize(64 * 1024, b'y');
        while stream.write_all(&line).await.is_ok() {}
    });
    assert_eq!(probe_local(address, http("/", "")).await, SoftFailure);
}

#[tokio::test]
async fn more_probes_than_places_all_find_their_answer() {
    // Many listeners, because the queue of one may be short.
    let mut probes = Vec::new();
    for _ in 0..16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        probes.extend((0..40).map(|_| tokio::spawn(probe_local(address, HealthChecker::Tcp))));
    }
    for probe in probes {
        assert_eq!(probe.await.unwrap(), Healthy);
    }
}

/// What the small MySQL server does.
#[derive(Clone, Copy)]
enum Mysql {
    /// Refuses the password.
    Denies,
    /// Greets and says nothing more.
    Stalls,
    /// Answers the statement with an error.
    Fails,
    /// Answers with this row.
    Row(&'static [&'static str]),
    /// Answers with columns and no row.
    NoRow,
    /// Answers that it is done, without columns.
    Done,
    /// Answers with rows for ever.
    Endless,
}

async fn mysql_server(what: Mysql) -> (SocketAddr, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // A prober that leaves in the middle is part of the tests.
        let _ = converse(&mut stream, what, tell).await;
    });
    (address, asked)
}

const MYSQL_OK: [u8; 7] = [0, 0, 0, 2, 0, 0, 0];
const MYSQL_EOF: [u8; 5] = [0xfe, 0, 0, 2, 0];

async fn converse(
    stream: &mut TcpStream,
    what: Mysql,
    tell: oneshot::Sender<String>,
) -> std::io::Result<()> {
    let mut greeting = b"\x0a8.0.0-small\0\x01\0\0\0saltsalt\0".to_vec();
    // Protocol 4.1, long password, secure connection, plugins, transactions.
    let capabilities: u32 = 0x0008_a201;
    greeting.extend_from_slice(&capabilities.to_le_bytes()[..2]);
    greeting.extend_from_slice(&[45, 2, 0]);
    greeting.extend_from_slice(&capabilities.to_le_bytes()[2..]);
    greeting.extend_from_slice(&[21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    greeting.extend_from_slice(b"saltsaltsalt\0mysql_native_password\0");
    send(stream, 0, &greeting).await?;
    let (sequence, login) = receive(stream).await?;
    assert!(login.windows(6).any(|part| part == b"nacos\0"), "the user is in the login");
    match what {
        Mysql::Stalls => return stream.read(&mut [0; 64]).await.map(|_| ()),
        Mysql::Denies => {
            return send(stream, sequence + 1, b"\xff\x15\x04#28000Access denied").await;
        }
        _ => send(stream, sequence + 1, &MYSQL_OK).await?,
    }
    let (_, query) = receive(stream).await?;
    assert_eq!(query[0], 3, "the next command is the statement");
    tell.send(String::from_utf8(query[1..].to_vec()).unwrap()).unwrap();
    let rows: &[&str] = match what {
        Mysql::Fails => return send(stream, 1, b"\xff\x28\x04#42000You have an error").await,
        Mysql::Done => return send(stream, 1, &MYSQL_OK).await,
        Mysql::Row(row) => row,
        _ => &["a", "b"],
    };
    send(stream, 1, &[rows.len() as u8]).await?;
    let mut sequence = 2;
    for _ in rows {
        let mut column = b"\x03def\0\0\0\x01c\0\x0c\x2d\0".to_vec();
        column.extend_from_slice(&[0, 1, 0, 0, 0xfd, 0, 0, 0, 0, 0]);
        send(stream, sequence, &column).await?;
        sequence += 1;
    }
    send(stream, sequence, &MYSQL_EOF).await?;
    let row: Vec<u8> =
        rows.iter().flat_map(|text| [&[text.len() as u8], text.as_bytes()].concat()).collect();
    if let Mysql::NoRow = what {
        return send(stream, sequence + 1, &MYSQL_EOF).await;
    }
    loop {
        sequence = sequence.wrapping_add(1);
        send(stream, sequence, &row).await?;
        if !matches!(what, Mysql::Endless) {
            return send(stream, sequence + 1, &MYSQL_EOF).await;
        }
    }
}

async fn send(stream: &mut TcpStream, sequence: u8, payload: &[u8]) -> std::io::Result<()> {
    let length = (payload.len() as u32).to_le_bytes();
    let packet = [&length[..3], &[sequence], payload].concat();
    stream.write_all(&packet).await
}

async fn receive(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await?;
    Ok((header[3], payload))
}

const MASTER: &str = "show global variables where variable_name='read_only'";

#[tokio::test]
async fn mysql_sends_the_statement_of_the_cluster() {
    let (address, asked) = mysql_server(Mysql::Row(&["1"])).await;
    assert_eq!(probe_local(address, mysql("select 1")).await, Healthy);
    assert_eq!(asked.await.unwrap(), "select 1");
}

#[tokio::test]
async fn a_read_only_replica_counts_only_for_the_statement_that_asks_for_it() {
    for (statement, row, expected) in [
        (MASTER, &["read_only", "ON"], SoftFailure),
        (MASTER, &["read_only", "OFF"], Healthy),
        (MASTER, &["read_only", "on"], Healthy),
        ("SHOW global variables", &["read_only", "ON"], Healthy),
    ] {
        let (address, _asked) = mysql_server(Mysql::Row(row)).await;
        assert_eq!(probe_local(address, mysql(statement)).await, expected, "{statement} {row:?}");
    }
}

#[tokio::test]
async fn whatever_jdbc_reports_as_an_sql_exception_is_hard() {
    for (what, statement) in [
        (Mysql::Denies, "select 1"),
        (Mysql::Fails, "select 1"),
        (Mysql::NoRow, MASTER),
        (Mysql::Row(&["OFF"]), MASTER),
        (Mysql::Stalls, "select 1"),
    ] {
        let (address, _asked) = mysql_server(what).await;
        assert_eq!(probe_local(address, mysql(statement)).await, HardFailure, "{statement}");
    }
}

#[tokio::test]
async fn a_statement_that_is_empty_or_changes_data_is_never_sent() {
    for statement in ["", " ", "delete from users", "DROP TABLE users"] {
        let (address, asked) = mysql_server(Mysql::Done).await;
        assert_eq!(probe_local(address, mysql(statement)).await, HardFailure, "{statement}");
        drop(TcpStream::connect(address).await);
        assert!(asked.await.is_err(), "{statement} was sent");
    }
}

#[tokio::test]
async fn a_statement_without_or_with_endless_rows_is_an_answer() {
    for what in [Mysql::NoRow, Mysql::Done, Mysql::Endless] {
        let (address, _asked) = mysql_server(what).await;
        assert_eq!(probe_local(address, mysql("select 1")).await, Healthy);
    }
}
