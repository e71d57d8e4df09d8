//! A blocking HTTP/1.1 client on one keep-alive connection, as much of it as the tests need.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Longer than any answer takes; a hang fails the test instead of stopping it.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, whose name is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Whether it is a redirect of a click that is stored.
    pub(crate) fn is_recorded_click(&self) -> bool {
        self.status == 302 && self.header("x-clickd-recorded").is_none()
    }

    /// The click id in the location.
    pub(crate) fn click_id(&self) -> String {
        let location = self.header("location").expect("a location");
        let (_, rest) = location.rsplit_once("im_ref=").expect("a click id");
        rest.split(['&', '#']).next().unwrap().to_owned()
    }

    /// The address under which a submission can be asked for.
    pub(crate) fn queued_uri(&self) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        value["QueuedUri"].as_str().unwrap().to_owned()
    }
}

/// The first 12 bytes of a click id: the number of the click and its partner.
pub(crate) fn number_and_partner(click_id: &str) -> ([u8; 8], [u8; 4]) {
    let bytes = URL_SAFE_NO_PAD.decode(click_id).unwrap();
    (
        bytes[..8].try_into().unwrap(),
        bytes[8..12].try_into().unwrap(),
    )
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(crate) fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Opens a link.
    pub(crate) fn click(&mut self, target: &str) -> io::Result<Answer> {
        self.get(
            target,
            "User-Agent: Mozilla/5.0 (X11; Linux) Firefox/145.0\r\n",
        )
    }

    /// Asks for `target` with further header lines.
    pub(crate) fn get(&mut self, target: &str, headers: &str) -> io::Result<Answer> {
        self.send(&format!(
            "GET {target} HTTP/1.1\r\nHost: go.example\r\n{headers}\r\n"
        ))?;
        self.answer()
    }

    /// Submits a conversion of the brand whose key `token` is.
    pub(crate) fn convert(&mut self, sid: &str, token: &str, body: &str) -> io::Result<Answer> {
        self.submit("POST", "Conversions", (sid, token), body)
    }

    /// Sends a form to one of a brand's resources.
    pub(crate) fn submit(
        &mut self,
        method: &str,
        resource: &str,
        (sid, token): (&str, &str),
        body: &str,
    ) -> io::Result<Answer> {
        let length = body.len();
        let basic = basic(sid, token);
        self.send(&format!(
            "{method} /Advertisers/{sid}/{resource} HTTP/1.1\r\nHost: api.example\r\n{basic}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n\
             {body}"
        ))?;
        self.answer()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, request: &str) -> io::Result<()> {
        self.stream.write_all(request.as_bytes())
    }

    /// Reads one answer; none to a HEAD may carry a body.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let head = loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.buffer.split_off(end + 4);
                break std::mem::replace(&mut self.buffer, rest);
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&head).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer = Answer {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            head,
            body: String::new(),
        };
        let length = answer.header("content-length").map_or(Ok(0), str::parse);
        let length: usize = length.map_err(|_| io::ErrorKind::InvalidData)?;
        while self.buffer.len() < length {
            self.more()?;
        }
        let rest = self.buffer.split_off(length);
        let body = std::mem::replace(&mut self.buffer, rest);
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }

    fn more(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        let read = self.stream.read(&mut bytes)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend_from_slice(&bytes[..read]);
        Ok(())
    }
}

/// The header line of HTTP Basic.
pub(crate) fn basic(sid: &str, token: &str) -> String {
    let credentials = STANDARD.encode(format!("{sid}:{token}"));
    format!("Authorization: Basic {credentials}\r\n")
}

/// A conversion of the first program of the sample catalogue.
pub(crate) fn order(id: &str, click_id: &str) -> String {
    format!(
        "CampaignId=1000&ActionTrackerId=10&EventDate=NOW&OrderId={id}&ClickId={click_id}\
         &CurrencyCode=USD&Amount=20.00"
    )
}

/// A reversal of the action of an order, with a note to know it by.
pub(crate) fn reversal(id: &str, note: &str) -> String {
    format!("ActionTrackerId=10&OrderId={id}&DispositionCode=OTHER&Note={note}")
}
