import Foundation

/// The one mount that most integration tests share, each in collections of its own.
public enum SharedMount {
    /// The mount, made when first asked for and unmounted when the test process exits.
    public static func get() throws -> TestMount { try shared.get() }

    private static let shared: Result<TestMount, any Error> = Result {
        let mount = try TestMount(timeLimitSeconds: 1800)
        atexit { SharedMount.end() }
        return mount
    }

    /// A mount that is left behind fails the run, even though every test has passed by then.
    private static func end() {
        guard case .success(let mount) = shared else { return }
        do {
            try mount.close()
        } catch {
            FileHandle.standardError.write(Data("the shared mount was not left clean: \(error)\n".utf8))
            _exit(1)
        }
    }

    /// Makes a collection with a name that no other test uses.
    public static func collection(_ topic: String = #function) throws -> TestPath {
        try get().collection(topic)
    }
}

extension TestMount {
    /// Makes a collection named after a test, with a random tail.
    public func collection(_ topic: String = #function) throws -> TestPath {
        let name = topic.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
        var generator = SystemRandomNumberGenerator()
        let path = point / "\(name)-\(String(generator.next() as UInt64, radix: 36))"
        try path.makeDirectory()
        return path
    }
}
