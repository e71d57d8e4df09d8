//! Reads Rust as text: what is code, where a word stands, which modules are named.

/// Whether `line` has `phrase` not followed by a letter.
pub(crate) fn says(line: &str, phrase: &str) -> bool {
    line.match_indices(phrase).any(|(at, _)| {
        let after = line
            .get(at + phrase.len()..)
            .and_then(|rest| rest.chars().next());
        phrase.ends_with('/') || !after.is_some_and(char::is_alphanumeric)
    })
}

/// The line, from 1, of the byte `at`.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

/// Where `word` stands by itself.
pub(crate) fn words_in(code: &str, word: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let stands = |at: usize| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    };
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| stands(*at))
        .collect()
}

/// The modules that `code` names behind `crate::`, one by one or in braces.
pub(crate) fn used_modules(code: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for start in words_in(code, "crate") {
        let Some(rest) = code
            .get(start + "crate".len()..)
            .and_then(|r| r.strip_prefix("::"))
        else {
            continue;
        };
        let Some(list) = rest.strip_prefix('{') else {
            used.push((start, identifier(rest)));
            continue;
        };
        let mut depth = 1;
        let mut item = String::new();
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                used.push((start, identifier(item.trim())));
                item.clear();
            } else {
                item.push(c);
            }
            if depth == 0 {
                break;
            }
        }
    }
    used
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// `text` with comments, strings and characters blanked; lines stay where they are.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = literal_or_comment(rest, code.chars().next_back());
        if skipped == 0 {
            code.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        } else {
            let blanked = rest.get(..skipped).unwrap_or_default();
            code.extend(blanked.chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = rest.get(skipped..).unwrap_or_default();
        }
    }
    code
}

/// Bytes of the comment or literal that `rest` begins with; 0 when it begins with code.
fn literal_or_comment(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    let inside_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) = rest
        .strip_prefix('r')
        .filter(|_| !inside_word || before == Some('b'))
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let body = raw.get(hashes..).and_then(|raw| raw.strip_prefix('"'));
        return body.map_or(0, |body| {
            let length = body.find(&end).map_or(body.len(), |at| at + end.len());
            1 + hashes + 1 + length
        });
    }
    if let Some(after) = rest.strip_prefix('\'') {
        let mut chars = after.chars();
        let is_character = chars.next() == Some('\\') || chars.next() == Some('\'');
        return if is_character { quoted(rest, '\'') } else { 0 };
    }
    0
}

/// Bytes of a literal from its first `quote` to its last.
fn quoted(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    rest.len()
}
