import Foundation
import Testing

@testable import VexFS

/// A directory with a database, which can be copied as the death of its process would leave it.
private final class DatabaseFixture {
    let directory: StoreDirectory
    private(set) var database: Database

    init() throws {
        directory = StoreDirectory(path: FileManager.default.temporaryDirectory.path + "/vexfs-db-\(UUID().uuidString)")
        try directory.format()
        database = try Self.open(directory)
    }

    deinit {
        database.close()
        removeTree(directory.path)
    }

    /// Small files, so that a test sees many of them.
    static func open(
        _ directory: StoreDirectory, isReadOnly: Bool = false, acceptsLoss: Bool = false
    ) throws(VexFSError) -> Database {
        var tuning = RocksDB.Tuning()
        tuning.writeBufferBytes = 64 << 10
        tuning.isReadOnly = isReadOnly
        return try Database(of: directory, tuning: tuning, acceptsLoss: acceptsLoss)
    }

    /// What the files hold now, without the process that writes them: a copy during which nothing changed.
    func copy() throws -> StoreDirectory {
        let copy = StoreDirectory(path: directory.path + "-copy-\(UUID().uuidString)")
        while true {
            let before = try listing()
            do {
                try FileManager.default.copyItem(atPath: directory.path, toPath: copy.path)
                if try listing() == before { return copy }
            } catch CocoaError.fileNoSuchFile, CocoaError.fileReadNoSuchFile {
                // The tables were just brought to the disk.
            }
            try? FileManager.default.removeItem(atPath: copy.path)
        }
    }

    private func listing() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted().map { name in
            var status = stat()
            stat(directory.path + "/" + name, &status)
            return "\(name) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        }
    }

    /// Goes on as a process that opens what the dead one has left.
    func die() throws {
        let left = try copy()
        database.close()
        removeTree(directory.path)
        try FileManager.default.moveItem(atPath: left.path, toPath: directory.path)
        database = try Self.open(directory)
    }

    func close() { database.close() }

    func reopen(acceptsLoss: Bool = false) throws(VexFSError) {
        database = try Self.open(directory, acceptsLoss: acceptsLoss)
    }

    func write(_ body: (WriteBatch) -> Void) throws(VexFSError) {
        let batch = WriteBatch()
        body(batch)
        try database.write(batch)
    }
}

extension Database {
    fileprivate func all(_ prefix: [UInt8]) throws(VexFSError) -> [[UInt8]: [UInt8]] {
        var found: [[UInt8]: [UInt8]] = [:]
        var keys: [[UInt8]] = []
        try forEach(prefix: prefix) { key, value in
            keys.append([UInt8](key))
            found[[UInt8](key)] = [UInt8](value)
            return true
        }
        #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
        return found
    }
}

@Suite struct DatabaseTests {
    /// Wherever they are: in the journal, in memory, in table files, in files of large values, or deleted there.
    @Test func severalValuesAreThoseOfEachKey() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("severalValuesAreThoseOfEachKey: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let fixture = try DatabaseFixture()
        for round in 0..<30 {
            try fixture.write { batch in
                for _ in 0..<8 {
                    let key = StoreKey.document(1, .random(in: 0..<40, using: &random))
                    if Int.random(in: 0..<5, using: &random) == 0 {
                        batch.delete(key)
                    } else {
                        let count = Int.random(in: 0..<3000, using: &random)
                        batch.put(key, [UInt8](repeating: UInt8(round), count: count))
                    }
                }
            }
            if round % 10 == 3 { try fixture.database.giveBackMemory(above: 0) }
            if round % 10 == 6 { _ = try fixture.database.all(StoreKey.prefix(.document, 1)) }
            for count in [0, 1, 2, 70] {
                let keys = (0..<count).map { _ in StoreKey.document(1, .random(in: 0..<50, using: &random)) }
                var found: [[UInt8]?] = []
                try fixture.database.values(keys) { place, value in
                    #expect(place == found.count)
                    found.append(value.map { [UInt8]($0) })
                }
                var expected: [[UInt8]?] = []
                for key in keys { expected.append(try fixture.database.value(key)) }
                #expect(found == expected)
            }
        }
    }

    @Test func itIsAMapThatSurvivesItsProcess() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("itIsAMapThatSurvivesItsProcess: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let fixture = try DatabaseFixture()
        var model: [[UInt8]: [UInt8]] = [:]
        for step in 0..<600 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<80:
                let batch = WriteBatch(capacity: 8)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let key = StoreKey.document(
                        UInt32.random(in: 1...3, using: &random), .random(in: 0...40, using: &random))
                    if Int.random(in: 0..<4, using: &random) == 0 {
                        batch.delete(key)
                        model[key] = nil
                    } else {
                        let value = (0..<Int.random(in: 0...5000, using: &random)).map {
                            UInt8(truncatingIfNeeded: $0 + step)
                        }
                        batch.put(key, value)
                        model[key] = value
                    }
                }
                try fixture.database.write(batch)
            case 80..<84:
                let prefix = StoreKey.prefix(.document, UInt32.random(in: 1...3, using: &random))
                let kept = prefix + [0xFF]
                try fixture.write { batch in
                    batch.deleteAll(prefix: prefix)
                    batch.put(kept, [1])
                }
                for key in model.keys where key.starts(with: prefix) { model[key] = nil }
                model[kept] = [1]
            case 84..<88: try fixture.database.syncLog()
            case 88..<90:
                fixture.close()
                try fixture.reopen()
            case 90..<93: try fixture.die()
            case 93..<95:
                let left = try fixture.copy()
                defer { removeTree(left.path) }
                let database = try DatabaseFixture.open(left, isReadOnly: true)
                defer { database.close() }
                #expect(try database.all([StoreKey.Family.document.rawValue]) == model)
                for key in model.keys.prefix(5) { #expect(try database.value(key) == model[key]) }
            default: #expect(try fixture.database.all([StoreKey.Family.document.rawValue]) == model)
            }
            let key = StoreKey.document(UInt32.random(in: 1...3, using: &random), .random(in: 0...40, using: &random))
            #expect(try fixture.database.value(key) == model[key], "step \(step)")
        }
        try fixture.die()
        #expect(try fixture.database.all([StoreKey.Family.document.rawValue]) == model)
    }

    @Test func aTornEndCostsNothingThatStandsBeforeIt() throws {
        let fixture = try DatabaseFixture()
        let writes = 20
        for index in 0..<writes { try fixture.write { $0.put([1, UInt8(index)], [UInt8](repeating: 7, count: 100)) } }
        let size = try #require(try Self.journalFiles(of: fixture.directory).first).size
        for cut in [1, 15, 16, 100, 129, 130, 200, size - 21, size - 1, size] {
            let left = try fixture.copy()
            defer { removeTree(left.path) }
            let file = try #require(try Self.journalFiles(of: left).first)
            #expect(truncate(file.path, size - cut) == 0)
            let expected = max(0, size - cut - Journal.headerBytes) / ((size - Journal.headerBytes) / writes)
            for isReadOnly in [true, false] {
                let database = try DatabaseFixture.open(left, isReadOnly: isReadOnly)
                defer { database.close() }
                #expect(try database.all([1]).count == expected, "\(cut) bytes cut off")
                #expect(try database.value([1, UInt8(expected)]) == nil)
            }
        }
    }

    @Test func aLogThatLostWhatWasSyncedIsRefusedUntilTheLossIsAccepted() throws {
        let fixture = try DatabaseFixture()
        for index in 0..<10 { try fixture.write { $0.put([1, UInt8(index)], [UInt8](repeating: 7, count: 100)) } }
        try fixture.database.syncLog()
        try fixture.directory.noteSynced(change: fixture.database.latestChange)
        let left = try fixture.copy()
        defer { removeTree(left.path) }
        let file = try #require(try Self.journalFiles(of: left).first)
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file.path)))
        bytes[Journal.headerBytes + (file.size - Journal.headerBytes) / 10 * 4 + 60] ^= 4
        try Data(bytes).write(to: URL(fileURLWithPath: file.path))
        for _ in 0..<2 {
            let error = #expect(throws: VexFSError.self) { try DatabaseFixture.open(left) }
            #expect(error?.code == .corruption)
        }
        let accepted = try DatabaseFixture.open(left, acceptsLoss: true)
        #expect(try accepted.all([1]).count == 4)
        try left.noteSynced(change: accepted.latestChange)
        accepted.close()
        let database = try DatabaseFixture.open(left)
        #expect(try database.all([1]).count == 4)
        database.close()
    }

    @Test func aMissingFileOfTheJournalEndsIt() throws {
        let fixture = try DatabaseFixture()
        var written = 0
        while try Self.journalFiles(of: fixture.directory).count < 2 {
            try fixture.write { $0.put([1, UInt8(written)], [UInt8](repeating: 7, count: 9000)) }
            written += 1
        }
        let left = try fixture.copy()
        defer { removeTree(left.path) }
        let files = try Self.journalFiles(of: left)
        try FileManager.default.removeItem(atPath: files[0].path)
        let database = try DatabaseFixture.open(left)
        defer { database.close() }
        // Either the tables have what stood in it, or nothing behind it counts.
        let kept = try database.all([1]).keys.map { Int($0[1]) }.sorted()
        #expect(kept == Array(0..<kept.count))
    }

    @Test func aClosedDatabaseHasNoJournal() throws {
        let fixture = try DatabaseFixture()
        for index in 0..<50 { try fixture.write { $0.put([1, UInt8(index)], [UInt8](repeating: 7, count: 5000)) } }
        fixture.close()
        #expect(try Self.journalFiles(of: fixture.directory).isEmpty)
        try fixture.reopen()
        #expect(try fixture.database.all([1]).count == 50)
        #expect(fixture.database.latestChange == 50)
    }

    @Test func atRestThereIsNoJournal() throws {
        let fixture = try DatabaseFixture()
        var model: [[UInt8]: [UInt8]] = [:]
        for round in UInt32(0)..<3 {
            for number in UInt32(0)..<40 {
                let (key, value) = (StoreKey.document(1, number), [UInt8](repeating: UInt8(round), count: 100))
                try fixture.write { $0.put(key, value) }
                model[key] = value
            }
            #expect(try !Self.journalFiles(of: fixture.directory).isEmpty)
            try fixture.database.giveBackMemory(above: 0)
            #expect(try Self.journalFiles(of: fixture.directory).isEmpty)
            #expect(try fixture.database.all(StoreKey.prefix(.document, 1)) == model)
            // What is written behind it, by this process or the next, begins a file of its own.
            let last = StoreKey.document(1, 100 + round)
            try fixture.write { $0.put(last, [1]) }
            model[last] = [1]
            if round > 0 { try fixture.die() }
            #expect(try fixture.database.all(StoreKey.prefix(.document, 1)) == model)
        }
    }

    @Test func whatWasFlushedIsNotKeptTwice() throws {
        let fixture = try DatabaseFixture()
        for index in 0..<400 {
            try fixture.write { $0.put([1, UInt8(index % 256)], [UInt8](repeating: 7, count: 9000)) }
        }
        // A walk waits for the tables; the files go once these are on the disk, which closing waits for.
        #expect(try fixture.database.all([1]).count == 256)
        fixture.close()
        #expect(try Self.journalFiles(of: fixture.directory).isEmpty)
    }

    @Test func manyThreadsWriteInOneOrder() throws {
        let fixture = try DatabaseFixture()
        let database = fixture.database
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for step in 0..<200 {
                let batch = WriteBatch()
                batch.put([1, UInt8(thread)], [UInt8(step)])
                batch.put([2, UInt8(thread), UInt8(step)], [UInt8](repeating: 1, count: 3000))
                do {
                    try database.write(batch)
                    #expect(try database.value([1, UInt8(thread)]) == [UInt8(step)])
                } catch { Issue.record("\(error)") }
            }
        }
        try fixture.die()
        #expect(try fixture.database.all([1]) == [[1, 0]: [199], [1, 1]: [199], [1, 2]: [199], [1, 3]: [199]])
        #expect(try fixture.database.all([2]).count == 800)
        #expect(fixture.database.latestChange == 800)
    }

    private static func journalFiles(of directory: StoreDirectory) throws -> [(path: String, size: Int)] {
        try Journal.files(in: directory.journalPath).map { file in
            let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int
            return (file.path, size ?? 0)
        }
    }
}
