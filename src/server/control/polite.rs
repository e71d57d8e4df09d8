//! Work that lets the public workers go first.

/// The nice value of such work: the lowest that there is.
const NICE: i32 = 19;

/// Lowers the priority of the calling thread for good, so it must be one that only lives for this
/// work, and take no lock that a worker waits for. At full priority the work is only less polite.
pub fn lower() {
    // On Linux this is the calling thread alone.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    #[test]
    fn only_the_calling_thread_is_lowered() {
        let before = getpriority_process(None).unwrap();
        let lowered = std::thread::spawn(|| {
            super::lower();
            getpriority_process(None).unwrap()
        });
        assert_eq!(lowered.join().unwrap(), super::NICE);
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
