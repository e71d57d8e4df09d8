//! What is wrong with a configuration file, said so that its author can put it right.

use std::fmt;

/// One problem of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, and the line and column where they are known: `clickd.toml:12:1`.
    pub at: String,
    /// The option, such as `ack.durable_wait`; empty when the file itself is meant.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What is allowed; may be empty.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)?;
        for part in [&self.key, &self.problem] {
            if !part.is_empty() {
                write!(f, ": {part}")?;
            }
        }
        if self.allowed.is_empty() {
            return Ok(());
        }
        write!(f, "; {}", self.allowed)
    }
}

/// Every problem of a configuration file, one a line. The process ends with exit code 78.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_shown_one_a_line() {
        let problem = |key: &str, allowed: &str| Problem {
            at: "clickd.toml:1:2".into(),
            key: key.into(),
            problem: "is wrong".into(),
            allowed: allowed.into(),
        };
        let error = ConfigError(vec![problem("ack.clicks", "fast"), problem("", "")]);
        assert_eq!(
            error.to_string(),
            "clickd.toml:1:2: ack.clicks: is wrong; fast\nclickd.toml:1:2: is wrong"
        );
    }
}
