//! The rules of credit, one case each, and their precedence.
