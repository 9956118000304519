//! One connection and the request that is under way on it.
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub struct UnderWay<J> {
    /// The request.
    pub job: J,
    /// When it began to be sent, in whatever its sender counts time.
    pub sent: u64,
    /// Whether the connection was made for it: then a close is the server's answer, and not the
    /// end of an idle time that came too late to be noticed.
    pub fresh: bool,
}

/// What reading found.
#[derive(Debug)]
pub enum Readable {
    /// So many bytes in the buffer.
    Bytes(usize),
    /// The peer has closed.
    End,
    /// Nothing more for now.
    Nothing,
    /// The connection is broken.
    Broken,
}

/// A connection that is made when it is needed and made again after it broke.
#[derive(Debug)]
pub struct Connection<J> {
    /// The request at hand, as bytes.
    pub out: Vec<u8>,
    /// The beginning of an answer that came in pieces.
    pub partial: Vec<u8>,
    /// What waits for its answer.
    pub under_way: Option<UnderWay<J>>,
    stream: Option<TcpStream>,
    connecting: bool,
    written: usize,
}

impl<J> Default for Connection<J> {
    fn default() -> Self {
        Self {
            out: Vec::new(),
            partial: Vec::new(),
            under_way: None,
            stream: None,
            connecting: false,
            written: 0,
        }
    }
}

impl<J> Connection<J> {
    /// Whether there is a socket.
    pub fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Begins to connect; the socket reports as `token`.
    pub fn connect(&mut self, to: SocketAddr, registry: &Registry, token: Token) -> io::Result<()> {
        let mut stream = TcpStream::connect(to)?;
        // Without this a request in two segments would wait for the peer's delayed ack.
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        self.connecting = true;
        self.partial.clear();
        Ok(())
    }

    /// Closes the socket and forgets what came over it.
    pub fn close(&mut self) {
        self.stream = None;
        self.connecting = false;
        self.partial.clear();
    }

    /// The kernel has news of the connect; an error when it failed.
    pub fn connected(&mut self) -> io::Result<()> {
        let Some(stream) = self.stream.as_ref().filter(|_| self.connecting) else { return Ok(()) };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => self.connecting = false,
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Lets the request in `out` be sent from its beginning.
    pub fn rewind(&mut self) {
        self.written = 0;
    }

    /// Whether everything in `out` was sent.
    pub fn is_flushed(&self) -> bool {
        self.written >= self.out.len()
    }

    /// Sends what is left of the request; returns how many bytes went out.
    pub fn flush(&mut self) -> io::Result<usize> {
        let mut sent = 0;
        let Some(stream) = self.stream.as_mut().filter(|_| !self.connecting) else { return Ok(0) };
        while self.written < self.out.len() {
            match stream.write(&self.out[self.written..]) {
                Ok(bytes) => {
                    self.written += bytes;
                    sent += bytes;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    /// Reads what is there into `buffer`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Readable {
        let Some(stream) = self.stream.as_mut().filter(|_| !self.connecting) else {
            return Readable::Nothing;
        };
        loop {
            return match stream.read(buffer) {
                Ok(0) => Readable::End,
                Ok(bytes) => Readable::Bytes(bytes),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Readable::Nothing,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Readable::Broken,
            };
        }
    }
}
