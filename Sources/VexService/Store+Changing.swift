import Synchronization
import VexFS

/// One change of a property at a time.
private let propertyLock = Mutex(())

extension Store {
    /// Replaces a property by what the closure makes of it, while no other such change is under way.
    func changingProperty<Result>(
        _ key: String, of owner: UInt32, _ body: ([UInt8]?) throws(VexFSError) -> (value: [UInt8], result: Result)
    ) throws(VexFSError) -> Result {
        try propertyLock.withLock { (_) throws(VexFSError) in
            let changed = try body(try property(key, of: owner))
            try setProperty(key, of: owner, to: changed.value)
            return changed.result
        }
    }

    /// Sets a property that nobody has set; returns what it is then.
    func setPropertyOnce(_ key: String, of owner: UInt32, to value: [UInt8]) throws(VexFSError) -> [UInt8] {
        try changingProperty(key, of: owner) { current in
            let kept = current ?? value
            return (kept, kept)
        }
    }
}
