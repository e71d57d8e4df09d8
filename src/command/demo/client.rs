//! A customer's browser and a brand's server, as far as the demo needs them.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::super::Failure;
use super::traffic::{Click, Order};

/// One keep-alive connection.
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    authorization: Option<String>,
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(75, format!("the daemon did not answer: {error}"))
}

impl Client {
    pub(super) async fn connect(to: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(&error))?;
        tokio::spawn(async move {
            // Its end shows in the next request.
            drop(connection.await);
        });
        Ok(Self {
            sender,
            host: to.to_string(),
            authorization: None,
        })
    }

    pub(super) fn with_key(mut self, sid: &str, token: &str) -> Self {
        self.authorization = Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{sid}:{token}"))
        ));
        self
    }

    /// Opens a link; where it leads.
    pub(super) async fn open(&mut self, click: &Click) -> Result<String, Failure> {
        let request = Request::get(&click.target)
            .header(HOST, &self.host)
            .header(USER_AGENT, click.user_agent)
            .header("x-forwarded-for", &click.address);
        let request = if click.prefetch {
            request.header("sec-purpose", "prefetch")
        } else {
            request
        };
        let request = request
            .body(Full::default())
            .map_err(|error| failed(&error))?;
        let response = self.send(request).await?;
        if response.status() != StatusCode::FOUND {
            return Err(failed(&format!(
                "{} for {}",
                response.status(),
                click.target
            )));
        }
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let location = location.unwrap_or_default().to_owned();
        response
            .into_body()
            .collect()
            .await
            .map_err(|error| failed(&error))?;
        Ok(location)
    }

    /// Submits a conversion.
    pub(super) async fn submit(&mut self, sid: &str, order: &Order) -> Result<(), Failure> {
        let body = order.form();
        let request = Request::post(format!("/Advertisers/{sid}/Conversions"))
            .header(HOST, &self.host)
            .header(
                AUTHORIZATION,
                self.authorization.as_deref().unwrap_or_default(),
            )
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(&error))?;
        let (status, body) = self.read(request).await?;
        if status == StatusCode::OK {
            Ok(())
        } else {
            Err(failed(&format!("{status} {body}")))
        }
    }

    /// Reads JSON.
    pub(super) async fn get(&mut self, path: &str) -> Result<Value, Failure> {
        let request = Request::get(path)
            .header(HOST, &self.host)
            .header(
                AUTHORIZATION,
                self.authorization.as_deref().unwrap_or_default(),
            )
            .body(Full::default())
            .map_err(|error| failed(&error))?;
        let (status, body) = self.read(request).await?;
        if status == StatusCode::OK {
            Ok(body)
        } else {
            Err(failed(&format!("{status} {body}")))
        }
    }

    async fn read(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Value), Failure> {
        let response = self.send(request).await?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| failed(&error))?;
        let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
        Ok((status, body))
    }

    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<hyper::body::Incoming>, Failure> {
        self.sender.ready().await.map_err(|error| failed(&error))?;
        self.sender
            .send_request(request)
            .await
            .map_err(|error| failed(&error))
    }
}
