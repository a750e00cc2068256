import Foundation
import Synchronization
import Testing

@testable import VexFS

extension TreeImagePolicy {
    /// Any change is worth an image.
    static let always = TreeImagePolicy(tolerated: -1 << 40)
}

/// Random changes of a collection through everything that writes file records.
private struct CollectionChanges {
    let collection: Collection
    var random: SeededGenerator

    private func below(_ directory: FileNumber) -> [FileAttributes] {
        collection.state.withLock { state in
            var all: [FileAttributes] = []
            state.tree.forEachBelow(directory) { all.append($0) }
            return all.sorted { $0.number < $1.number }
        }
    }

    private mutating func name() -> ByteString {
        let number = random.next() % 60
        return ByteString([".s\(number)", "t\(number).txt", "d\(number).json", "j\(number).json"][Int(number % 4)])
    }

    mutating func step() throws {
        let directories = [1] + below(1).filter { $0.kind == .directory }.map(\.number)
        let parent = directories.randomElement(using: &random) ?? 1
        let name = name()
        // Names are drawn at random: what is refused is as good a step as what is done.
        do throws(VexFSError) {
            switch Int.random(in: 0..<14, using: &random) {
            case 0..<4: try put(name, parent)
            case 4: _ = try collection.remove(name, in: parent)
            case 5:
                let folder = ByteString("f\(random.next() % 9)")
                _ = try collection.makeDirectory(folder, in: parent, mode: 0o755, owner: 1, group: 2)
            case 6: _ = try collection.removeDirectory(ByteString("f\(random.next() % 9)"), in: parent)
            case 7, 8:
                guard let file = below(1).randomElement(using: &random) else { return }
                let mode: RenameMode = Bool.random(using: &random) ? .replace : .exchange
                _ = try collection.rename(
                    file.name, in: file.parent, to: Bool.random(using: &random) ? name : file.name, in: parent,
                    mode: mode)
            case 9:
                guard let file = below(1).randomElement(using: &random) else { return }
                _ = try collection.setAttributes(of: file.number, mode: 0o600, owner: 9, group: nil, modified: 12)
            case 10: try insert()
            case 11: _ = try collection.makeSymlink(name, in: parent, target: [65], owner: 0, group: 0)
            case 12: _ = try collection.createFile(name, in: parent, mode: 0o600, owner: 0, group: 0)
            default: try collection.sync()
            }
        } catch {
            guard error.code == .inputOutput || error.code == .corruption else { return }
            throw error
        }
    }

    private mutating func put(_ name: ByteString, _ parent: FileNumber) throws(VexFSError) {
        let known = collection.lookup(name, in: parent)
        guard known?.kind != .symlink, known?.kind != .directory else { return }
        let file: FileAttributes
        if let known {
            file = known
        } else {
            file = try collection.createFile(name, in: parent, mode: 0o644, owner: 3, group: 4)
        }
        let text =
            Bool.random(using: &random) ? "{\"text\":\"word \(random.next() % 50)\"}" : "{\"a\":\(random.next())}"
        try collection.commit(Array(text.utf8), to: file.number)
    }

    private mutating func insert() throws(VexFSError) {
        let count = Int.random(in: 1...20, using: &random)
        let points = (0..<count).map { _ in NewPoint(id: ByteString("d\(random.next() % 200)")) }
        try collection.insert(points, vectors: (0..<count * 16).map { _ in Float(random.next() % 100) + 1 })
    }
}

/// What two dumps differ in.
private func differences(_ one: [String]?, _ other: [String]) -> Set<String> {
    Set(one ?? []).symmetricDifference(other)
}

/// Copies a directory; what goes meanwhile is left out, as whoever comes later would not find it.
private func copyTree(_ source: String, to target: String) throws {
    let files = FileManager.default
    try files.createDirectory(atPath: target, withIntermediateDirectories: false)
    for name in try files.contentsOfDirectory(atPath: source) {
        var isDirectory: ObjCBool = false
        guard files.fileExists(atPath: "\(source)/\(name)", isDirectory: &isDirectory) else { continue }
        if isDirectory.boolValue {
            try copyTree("\(source)/\(name)", to: "\(target)/\(name)")
        } else {
            do {
                try files.copyItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
            } catch CocoaError.fileNoSuchFile, CocoaError.fileReadNoSuchFile {
                continue
            }
        }
    }
}

extension Collection {
    /// Everything of the tree and the rows that opening must bring back.
    fileprivate var dump: [String] {
        state.withLock { state in
            var lines: [String] = []
            state.tree.forEachBelow(Collection.rootNumber) { file in
                guard file.version > 0 else { return }
                var shown = file
                // A directory's times on the disk may be older.
                if file.kind == .directory { (shown.modified, shown.changed) = (0, 0) }
                let hasVector = file.row.map { state.unnamed.withVector.contains($0) } ?? false
                let owner = file.row.flatMap { state.rows.file(of: $0) } ?? 0
                lines.append("\(state.tree.path(of: file.number) ?? "?") \(shown) \(hasVector) \(owner)")
                #expect(state.tree.lookup(file.name, in: file.parent) == file)
            }
            lines.sort()
            lines.append("\(state.pendingCount) \(state.scratchBytes) \(state.rows.live.rows) \(state.rows.next)")
            return lines
        }
    }
}

@Suite struct CollectionTreeImageTests {
    /// What another process would find if this one died now; with the images, or without.
    private func dump(ofCopyOf fixture: StoreFixture, withImages: Bool, expectsImage: Bool? = nil) throws -> [String] {
        let path = fixture.path + "-copy"
        defer { removeTree(path) }
        try copyTree(fixture.path, to: path)
        if !withImages { try FileManager.default.removeItem(atPath: path + "/trees") }
        let problems = try Store.check(at: path).problems.map { "\($0.place): \($0.message)" }
        #expect(problems == [])
        let store = try Store(opening: path, embedder: WordEmbedder(), maintained: false)
        defer { store.close() }
        let collection = try #require(store.collection(named: "c"))
        if let expectsImage { #expect((collection.treeImageFile != nil) == expectsImage) }
        return collection.dump
    }

    @Test func anImageAndTheChangesSinceAreTheCollection() throws {
        for seed in UInt64(1)...3 {
            let fixture = try StoreFixture()
            var collection = try fixture.store.createCollection(named: "c")
            var random = SeededGenerator(seed: seed)
            var changes = CollectionChanges(collection: collection, random: SeededGenerator(seed: seed &* 77))
            for step in 0..<160 {
                try changes.step()
                if step % 40 == 30 { try collection.saveTreeImage(policy: .always, isWritten: false) }
                if Int.random(in: 0..<12, using: &random) == 0 {
                    let living = collection.dump
                    let seen = try dump(ofCopyOf: fixture, withImages: true, expectsImage: step > 30)
                    #expect(differences(seen, living) == [], "seed \(seed) step \(step)")
                    let scanned = try dump(ofCopyOf: fixture, withImages: false, expectsImage: false)
                    #expect(differences(scanned, living) == [], "seed \(seed) step \(step)")
                }
                if step % 50 == 49 {
                    let living = collection.dump
                    try fixture.reopen()
                    collection = try #require(fixture.store.collection(named: "c"))
                    #expect(differences(collection.dump, living) == [], "reopened, seed \(seed) step \(step)")
                    changes = CollectionChanges(collection: collection, random: changes.random)
                }
            }
        }
    }

    @Test func aCollectionReadsItsTreeFromTheImageOnceThatIsWritten() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let points = (0..<1000).map { NewPoint(id: ByteString("d\($0)")) }
        try collection.insert(points, vectors: (0..<points.count * 4).map { Float($0 % 7) + 1 })
        let before = collection.dump
        try collection.saveTreeImage(policy: .always, isWritten: false)
        collection.state.withLock { state in
            #expect(state.tree.files.records.chunks.allSatisfy { $0?.isBorrowed ?? true })
            #expect(state.tree.directories[1]?.entries.chunks.allSatisfy { $0?.isBorrowed ?? true } == true)
            #expect(state.rows.files.chunks.allSatisfy { $0?.isBorrowed ?? true })
        }
        #expect(differences(collection.dump, before) == [])
        fixture.store.rest()
        #expect(differences(collection.dump, before) == [])
    }

    @Test func changesGoOnWhileAnImageIsWritten() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        let isDone = Atomic<Bool>(false)
        let images = Atomic<Int>(0)
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while !isDone.load(ordering: .acquiring) {
                do {
                    try collection.saveTreeImage(policy: .always, isWritten: true)
                } catch {
                    Issue.record("\(error)")
                }
                images.add(1, ordering: .relaxed)
            }
            finished.signal()
        }
        defer {
            isDone.store(true, ordering: .releasing)
            finished.wait()
        }
        var changes = CollectionChanges(collection: collection, random: SeededGenerator(seed: 5))
        for step in 0..<300 {
            try changes.step()
            if step % 40 == 39 {
                let living = collection.dump
                let seen = try dump(ofCopyOf: fixture, withImages: true)
                #expect(differences(seen, living) == [], "step \(step)")
            }
        }
        isDone.store(true, ordering: .releasing)
        finished.wait()
        finished.signal()
        #expect(images.load(ordering: .relaxed) > 3)
        let living = collection.dump
        try fixture.reopen()
        #expect(differences(fixture.store.collection(named: "c")?.dump, living) == [])
    }

    @Test func anImageThatCannotBeWrittenChangesNothing() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for number in 0..<50 { try collection.put(ByteString("\(number).json"), "{\"text\":\"word \(number)\"}") }
        try collection.saveTreeImage(policy: .always, isWritten: false)
        let image = try #require(collection.treeImageFile)
        try collection.put("x.json", "{\"text\":\"more\"}")
        let trees = fixture.path + "/trees"
        try FileManager.default.moveItem(atPath: trees, toPath: trees + "-away")
        #expect(throws: VexFSError.self) { try collection.saveTreeImage(policy: .always, isWritten: false) }
        try FileManager.default.moveItem(atPath: trees + "-away", toPath: trees)
        _ = try collection.remove("7.json", in: 1)
        #expect(collection.treeImageFile == image)
        let seen = try dump(ofCopyOf: fixture, withImages: true, expectsImage: true)
        #expect(differences(seen, collection.dump) == [])
    }

    /// An image that the record names stays, also where it is not known to be on the disk.
    @Test func anImageThatIsNamedStays() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for number in 0..<50 { try collection.put(ByteString("\(number).json"), "{\"text\":\"word \(number)\"}") }
        try collection.saveTreeImage(policy: .always, isWritten: false)
        let former = try #require(collection.treeImageFile)
        try collection.put("x.json", "{\"text\":\"more\"}")
        // The journal's name was never synced, and cannot be.
        let journal = fixture.path + "/journal"
        try FileManager.default.moveItem(atPath: journal, toPath: journal + "-away")
        #expect(throws: VexFSError.self) { try collection.saveTreeImage(policy: .always, isWritten: false) }
        try FileManager.default.moveItem(atPath: journal + "-away", toPath: journal)
        let image = try #require(collection.treeImageFile)
        #expect(image != former)
        #expect(FileManager.default.fileExists(atPath: fixture.path + "/trees/" + image))
    }

    @Test func aProgramThatKnowsNoImagesLeavesNoneThatIsTrusted() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for number in 0..<50 { try collection.put(ByteString("\(number).json"), "{\"text\":\"word \(number)\"}") }
        try collection.saveTreeImage(policy: .always, isWritten: false)
        // It writes the collection's record without what it does not know, and records of files without marks.
        let key = StoreKey.collection(collection.number)
        let database = fixture.store.context.database
        guard
            case .object(let members) = try JSON.parseControl(try #require(try database.value(key)), code: .corruption)
        else { throw VexFSError(.corruption, "no object") }
        let batch = WriteBatch()
        batch.put(key, JSON.object(members.filter { $0.key != "tree_image" }).compact)
        batch.delete(StoreKey.file(collection.number, try #require(collection.lookup("3.json", in: 1)).number))
        try database.write(batch)
        _ = try dump(ofCopyOf: fixture, withImages: true, expectsImage: false)
        #expect(try dump(ofCopyOf: fixture, withImages: true).count == 50)
    }

    @Test func aDamagedImageIsMadeAnewAndARemovedCollectionLeavesNone() throws {
        let fixture = try StoreFixture()
        let collection = try fixture.store.createCollection(named: "c")
        for number in 0..<50 { try collection.put(ByteString("\(number).json"), "{\"text\":\"word \(number)\"}") }
        try collection.saveTreeImage(policy: .always, isWritten: false)
        let living = collection.dump
        let file = fixture.path + "/trees/" + (try #require(collection.treeImageFile))
        try fixture.reopen {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            bytes[bytes.count / 2] ^= 4
            try bytes.write(to: URL(fileURLWithPath: file))
            #expect(try Store.check(at: fixture.path).rebuilt.map(\.place) == ["c, image of the tree"])
        }
        let again = try #require(fixture.store.collection(named: "c"))
        #expect(again.treeImageFile == nil && differences(again.dump, living) == [])
        try again.saveTreeImage(policy: .always, isWritten: false)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/trees").count == 1)
        for number in 0..<50 { _ = try again.remove(ByteString("\(number).json"), in: 1) }
        try fixture.store.removeCollection(again)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/trees") == [])
        var marks = 0
        try fixture.store.context.database.forEach(prefix: StoreKey.prefix(.treeMark)) { _, _ in
            marks += 1
            return true
        }
        #expect(marks == 0)
    }
}
