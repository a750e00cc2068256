import Glibc

/// How the process is asked to end, and how long it may take.
struct AdapterEnding {
    /// Seconds for the requests that are under way.
    private static let patienceSeconds = 10

    private var signals = sigset_t()
    private let log: AdapterLog

    /// To be called before the first thread, so that all of them leave these signals to ``comes(within:)``.
    init(_ log: AdapterLog) {
        self.log = log
        sigemptyset(&signals)
        var numbers = [SIGTERM, SIGINT]
        // The end of the terminal is one, too, unless somebody said that it is none (nohup).
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        if unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) != Self.ignored { numbers.append(SIGHUP) }
        for number in numbers { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// The value of `SIG_IGN`.
    private static let ignored = 1

    /// Waits for a signal.
    /// - Returns: whether one came in time.
    func comes(within seconds: Int) -> Bool {
        var (signals, time) = (signals, timespec(tv_sec: seconds, tv_nsec: 0))
        while true {
            if sigtimedwait(&signals, nil, &time) >= 0 { return true }
            if errno != EINTR { return false }
        }
    }

    /// Has the process end at another signal, and in any case when the patience is over; meanwhile the caller ends it
    /// in order.
    func limit() {
        let watch = Unmanaged.passRetained(Watch(self))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { pointer in
                // Contract: the pointer is the watch that was retained for this thread.
                if let pointer { Unmanaged<Watch>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, watch.toOpaque())
        if status != 0 { watch.release() }
    }

    private final class Watch {
        private let ending: AdapterEnding

        init(_ ending: AdapterEnding) { self.ending = ending }

        func run() -> Never {
            let isAskedAgain = ending.comes(within: AdapterEnding.patienceSeconds)
            ending.log.error(
                isAskedAgain
                    ? "stopped at once, with requests unanswered"
                    : "stopped after \(AdapterEnding.patienceSeconds) seconds, with requests unanswered")
            _exit(0)
        }
    }
}
