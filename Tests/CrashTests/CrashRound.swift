import Foundation
import TestSupport

/// Writers on a mount, an end by force, and the comparison of what is left with what was acknowledged.
struct CrashRound {
    let mount: TestMount
    let collection: TestPath
    let logs: TestPath
    let writers: Int
    let synced: Bool

    init(mount: TestMount, writers: Int, synced: Bool) throws {
        (self.mount, self.writers, self.synced) = (mount, writers, synced)
        collection = try mount.collection("crash")
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        logs = TestPath(try makeTemporaryDirectory())
        try (logs / "writer.py").write(CrashWriter.program)
    }

    /// Runs the writers until the daemon has been ended by `end`, which is called at a random moment under load.
    func run(milliseconds: Int, seed: UInt64, end: @Sendable () throws -> Void) throws {
        let script = """
            for writer in $(seq \(writers)); do
                python3 writer.py "$1" "$2/log-$writer" $writer \(synced ? "sync" : "plain") \(seed % 1_000_000) \
                    > /dev/null 2>&1 &
            done
            wait
            """
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [collection, logs] in
            _ = try? TestSupport.run(
                ["bash", "-c", script, "writers", collection.string, logs.string], in: logs.string, timeLimitSeconds: 60
            )
            finished.signal()
        }
        try awaitFirstAcknowledgements()
        // The moment is random on purpose; nothing below depends on how far the writers came.
        usleep(UInt32(milliseconds * 1000))
        try end()
        guard finished.wait(timeout: .now() + .seconds(60 * Environment.slowness)) == .success else {
            throw MountFailure("the writers did not end with the daemon")
        }
    }

    private func awaitFirstAcknowledgements() throws {
        let deadline = Date(timeIntervalSinceNow: Double(30 * Environment.slowness))
        while try records().map(\.acknowledged).min() ?? 0 < 3 {
            guard Date() < deadline else { throw MountFailure("the writers get nothing acknowledged") }
            usleep(5000)
        }
    }

    /// What the writers' logs say.
    func records() throws -> [WriterRecord] {
        try (1...writers).map { try WriterRecord(log: (try? (logs / "log-\($0)").text()) ?? "") }
    }

    /// Everything that is wrong with what is left.
    func problems() throws -> [String] {
        var problems: [String] = []
        var present: [String: String] = [:]
        for name in try collection.list() { present[name] = try (collection / name).text() }
        var documents = 0
        for (index, record) in try records().enumerated() {
            let writer = index + 1
            let numbers = Set(record.versions.keys).union(record.open.map { [$0.number] } ?? [])
            for number in numbers {
                let name = "w\(writer)-\(number).json"
                let text = present.removeValue(forKey: name)
                let allowed = record.allowed(number)
                // A new file whose first close was not acknowledged may be there without content.
                if text == "" && record.versions[number] == nil { continue }
                let fitting = allowed.filter { $0.map { CrashWriter.content(writer, number, $0) } == text }
                if fitting.isEmpty {
                    problems.append("\(name) has \(text?.prefix(40) ?? "no file"), expected version \(allowed)")
                }
                guard text != nil, let version = fitting.first ?? nil else { continue }
                documents += 1
                guard number % 5 == 0 else { continue }
                let hit = try collection.search([Float(writer), Float(number), Float(version)], options: "k=1").first
                if hit?.id != String(name.dropLast(5)) || hit?.score != 0 { problems.append("\(name) is not found") }
            }
        }
        problems += present.keys.filter { !$0.hasSuffix(".tmp") && present[$0] != "" }.map { "unexpected \($0)" }
        let count = try collection.search([0, 0, 0], options: "k=10000").count
        if count != min(documents, 10000) { problems.append("\(count) are searchable, \(documents) are there") }
        return problems
    }

    /// Removes the logs.
    func clean() { removeTree(logs.string) }
}
