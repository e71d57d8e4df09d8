//! Uploaded files of conversions, modifications and reversals, and what became of them.
//!
//! A file is answered only when its bytes, the folder they lie in and its record are synced; the
//! thread `clerk` reads it afterwards. The same bytes from the same account, for the same purpose,
//! get the first answer.
//!
//! | module | what |
//! |---|---|
//! | [`place`] | where files go, and their bounds |
//! | [`mod@upload`] | `POST …/FTPFileSubmissions` |
//! | [`receive`] | a body into the spool |
//! | [`list`] | all files, one, its errors |
//! | [`wrong`] | the errors of one |

mod list;
mod place;
mod receive;
mod upload;
mod wrong;

pub use list::show;
pub use place::Files;
pub use upload::upload;
