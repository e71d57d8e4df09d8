//! What must not allocate. A binary of its own, because the allocator that counts is the whole
//! program's.

#[cfg(test)]
mod redirect;
