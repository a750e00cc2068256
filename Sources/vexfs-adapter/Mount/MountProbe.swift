import Glibc
import Synchronization

/// Asks the mount every second whether it is there, on a thread of its own: a daemon that hangs must not keep the
/// process from ending, nor from saying that it hangs.
final class MountProbe: Sendable {
    private let mount: Mount
    /// When the question that is open was asked; 0 for none.
    private let asked = Atomic<UInt64>(0)

    init(_ mount: Mount) { self.mount = mount }

    /// Begins to ask; goes on until the process ends.
    func start() {
        var thread = pthread_t()
        let own = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { pointer in
                // Contract: the pointer is the probe that was retained for this thread.
                if let pointer { Unmanaged<MountProbe>.fromOpaque(pointer).takeUnretainedValue().run() }
                return nil
            }, own.toOpaque())
        if status == 0 { pthread_detach(thread) } else { own.release() }
    }

    /// Notes a question that is open for too long; to be called every second or so.
    func look() {
        let since = asked.load(ordering: .relaxed)
        if since > 0 { mount.noteOpenQuestion(since: since) }
    }

    private func run() -> Never {
        while true {
            asked.store(MonotonicClock.now, ordering: .relaxed)
            mount.check()
            asked.store(0, ordering: .relaxed)
            sleep(1)
        }
    }
}
