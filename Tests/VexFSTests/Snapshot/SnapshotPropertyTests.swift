import Foundation
import Testing

@testable import VexFS

/// Random changes, removals into the trash and out of it, snapshots, forks, exports, compactions and reopens: every
/// branch holds what a plain model says, and nothing is left of what is gone.
@Suite struct SnapshotPropertyTests {
    @Test(arguments: 0..<6) func everyBranchHoldsWhatTheModelSays(round: Int) throws {
        let seed =
            ProcessInfo.processInfo.environment["VEXFS_TEST_SEED"].flatMap(UInt64.init)
            ?? UInt64(Date().timeIntervalSince1970 * 1e6) &+ UInt64(round)
        FileHandle.standardError.write(Data("snapshots: VEXFS_TEST_SEED=\(seed)\n".utf8))
        var run = try SnapshotRun(seed: seed)
        for _ in 0..<250 { try run.step() }
        try run.expectAll()
        try run.reopen()
        try run.expectAll()
        try run.expectSound()
    }
}

/// A store and its model under random operations.
struct SnapshotRun {
    let fixture: StoreFixture
    var random: SeededGenerator
    var live: [String: BranchModel] = [:]
    /// Snapshots by collection and name.
    var past: [String: [String: BranchModel]] = [:]
    /// What is in the trash, by collection and name there.
    var trash: [String: [ByteString: TrashedFile]] = [:]
    var steps = 0
    var log: [String] = []

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        var policy = IndexPolicy()
        policy.scanLimit = 64
        policy.listLimit = 256
        fixture = try StoreFixture(indexPolicy: policy)
        let collection = try fixture.store.createCollection(named: "c0")
        let settings = """
            {"metric":"euclidean","vectors":{"sparse":{"sparse":true},
             "several":{"multivector":true,"metric":"dot","dimension":2}}}
            """
        try collection.setConfiguration(Array(settings.utf8))
        live["c0"] = BranchModel()
        try bulk("c0", count: 300)
    }

    func collection(_ name: String) throws -> Collection {
        try #require(fixture.store.collection(named: ByteString(name)))
    }

    mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func step() throws {
        steps += 1
        guard let name = live.keys.sorted().randomElement(using: &random) else { return }
        switch pick(0..<100) {
        case 0..<20: try put(name)
        case 20..<25: try bringBack(name)
        case 25..<35: try remove(name)
        case 35..<43: try rename(name)
        case 43..<48: try scratch(name)
        case 48..<54: try patch(name)
        case 54..<58: try changeMode(name)
        case 58..<62: try folder(name)
        case 62..<64: try bulk(name, count: pick(1..<120))
        case 64..<73: try snapshot(name)
        case 73..<78: try removeSnapshot(name)
        case 78..<80: try renameSnapshot(name)
        case 80..<84: try fork(name)
        case 84..<86: try exportAndRestore(name)
        case 86..<89: try removeCollection(name)
        case 89..<92: try collection(name).compact()
        case 92..<95: try collection(name).buildIndex()
        case 95..<97: try reopen()
        default: try expectSome()
        }
    }

    func note(_ text: String) {
        if ProcessInfo.processInfo.environment["VEXFS_TEST_LOG"] != nil { print(text) }
    }

    mutating func newPath(_ name: String, _ suffix: String) -> String {
        let folder = Bool.random(using: &random) ? live[name]?.folders.sorted().randomElement(using: &random) : nil
        return (folder.map { $0 + "/" } ?? "") + "n\(pick(0..<40))" + suffix
    }

    func place(_ path: String, in collection: Collection) throws -> (parent: FileNumber, name: ByteString) {
        let parts = path.split(separator: "/").map { ByteString(String($0)) }
        var parent = Collection.rootNumber
        for part in parts.dropLast() { parent = try #require(collection.lookup(part, in: parent)).number }
        return (parent, try #require(parts.last))
    }

    private mutating func write(_ name: String, _ path: String, _ bytes: [UInt8]) throws {
        let collection = try collection(name)
        let (parent, last) = try place(path, in: collection)
        let file: FileNumber
        if let known = collection.lookup(last, in: parent) {
            file = known.number
        } else {
            file = try collection.createFile(last, in: parent, mode: 0o644, owner: 0, group: 0).number
        }
        try collection.commit(bytes, to: file)
    }

    private mutating func newDocument() -> BranchModel.File {
        let vector = (0..<4).map { _ in Float(pick(0..<100)) }
        let (color, word) = (pick(0..<4), "w\(pick(0..<5))")
        let text = "{\"text\":\"\(word) says\",\"color\":\(color),\"vector\":\(vector.map { Int($0) })}"
        return BranchModel.File(bytes: Array(text.utf8), vector: vector, color: color, word: word)
    }

    /// A document that may have vectors of no fixed size too.
    private mutating func newStoredDocument() throws -> BranchModel.File {
        var file = newDocument()
        var vectors: [JSON.Member] = []
        if pick(0..<3) > 0 {
            let sparse = try SparseVector(
                indices: [0, 1, 2].map { $0 + 4 * UInt32(pick(0..<2)) }, values: (0..<3).map { _ in Float(pick(1..<9)) }
            )
            file.sparse = sparse
            vectors.append(.init("sparse", DocumentVector.sparse(sparse).json))
        }
        if pick(0..<3) > 0 {
            let count = pick(1..<4)
            let several = DocumentVector.multiple((0..<2 * count).map { _ in Float(pick(-9..<9)) }, count: count)
            file.several = several
            vectors.append(.init("several", several.json))
        }
        guard !vectors.isEmpty else { return file }
        file.bytes.removeLast()
        file.bytes += Array(",\"vectors\":".utf8) + JSON.object(vectors).compact + Array("}".utf8)
        return file
    }

    private mutating func put(_ name: String) throws {
        let path = newPath(name, ".json")
        note("put \(name) \(path)")
        var file = try newStoredDocument()
        file.mode = live[name]?.files[path]?.mode ?? 0o644
        try write(name, path, file.bytes)
        // What was set from outside stays over what the new bytes say.
        if let patched = patches[name + "/" + path] { file.color = patched }
        live[name]?.files[path] = file
    }

    /// The colors that were set from outside, by collection and path.
    var patches: [String: Int] = [:]

    private mutating func bulk(_ name: String, count: Int) throws {
        note("bulk \(name) \(count)")
        let start = pick(0..<400)
        var points: [NewPoint] = []
        var vectors: [Float] = []
        for number in start..<start + count {
            let file = newDocument()
            points.append(
                NewPoint(
                    id: ByteString("b\(number)"), metadata: Array("{\"color\":\(file.color ?? 0)}".utf8),
                    text: "\(file.word ?? "") says"))
            vectors += file.vector ?? []
            var kept = file
            kept.mode = live[name]?.files["b\(number).json"]?.mode ?? 0o644
            if let patched = patches["\(name)/b\(number).json"] { kept.color = patched }
            live[name]?.files["b\(number).json"] = kept
        }
        let collection = try collection(name)
        try collection.insert(points, vectors: vectors)
        for number in start..<start + count {
            let file = try #require(collection.lookup(ByteString("b\(number).json"), in: 1))
            live[name]?.files["b\(number).json"]?.bytes = try collection.content(of: file.number).bytes
        }
    }

    private mutating func remove(_ name: String) throws {
        guard let path = live[name]?.files.keys.sorted().randomElement(using: &random) else { return }
        note("remove \(name) \(path)")
        let collection = try collection(name)
        let (parent, last) = try place(path, in: collection)
        let keepsInTrash = Bool.random(using: &random)
        _ = try collection.remove(last, in: parent, keepsInTrash: keepsInTrash)
        let file = live[name]?.files.removeValue(forKey: path)
        let patch = patches.removeValue(forKey: name + "/" + path)
        // Scratch files are not kept.
        guard keepsInTrash, let file, file.vector != nil else { return }
        let entry = try #require(collection.trash.last)
        #expect(entry.origin == path)
        trash[name, default: [:]][entry.name] = TrashedFile(file: file, patch: patch)
    }

    private mutating func rename(_ name: String) throws {
        guard let path = live[name]?.files.keys.sorted().randomElement(using: &random) else { return }
        let isDocument = live[name]?.files[path]?.vector != nil
        let target = newPath(name, isDocument ? ".json" : ".tmp")
        guard target != path else { return }
        note("rename \(name) \(path) to \(target)")
        let collection = try collection(name)
        let (parent, last) = try place(path, in: collection)
        let (newParent, newLast) = try place(target, in: collection)
        _ = try collection.rename(last, in: parent, to: newLast, in: newParent, mode: .replace)
        let file = live[name]?.files.removeValue(forKey: path)
        live[name]?.files[target] = file
        let patch = patches.removeValue(forKey: name + "/" + path)
        patches[name + "/" + target] = patch
    }

    private mutating func scratch(_ name: String) throws {
        let path = newPath(name, ".tmp")
        note("scratch \(name) \(path)")
        let bytes = (0..<pick(1..<50)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try write(name, path, bytes)
        let mode = live[name]?.files[path]?.mode ?? 0o644
        live[name]?.files[path] = BranchModel.File(bytes: bytes, mode: mode)
    }

    private mutating func patch(_ name: String) throws {
        guard let path = live[name]?.documents.map(\.path).sorted().randomElement(using: &random) else { return }
        let color = pick(0..<4)
        note("patch \(name) \(path) \(color)")
        let collection = try collection(name)
        let (parent, last) = try place(path, in: collection)
        let file = try #require(collection.lookup(last, in: parent))
        try collection.setMetadata("color", to: .integer(Int64(color)), of: file.number)
        live[name]?.files[path]?.color = color
        patches[name + "/" + path] = color
    }

    private mutating func changeMode(_ name: String) throws {
        guard let path = live[name]?.files.keys.sorted().randomElement(using: &random) else { return }
        let mode = UInt16([0o600, 0o644, 0o444].randomElement(using: &random) ?? 0o600)
        let collection = try collection(name)
        let (parent, last) = try place(path, in: collection)
        let file = try #require(collection.lookup(last, in: parent))
        _ = try collection.setAttributes(of: file.number, mode: mode, owner: nil, group: nil, modified: nil)
        live[name]?.files[path]?.mode = mode
    }

    private mutating func folder(_ name: String) throws {
        let collection = try collection(name)
        guard let model = live[name] else { return }
        let path = "d\(pick(0..<4))"
        if !model.folders.contains(path) {
            note("mkdir \(name) \(path)")
            _ = try collection.makeDirectory(ByteString(path), in: 1, mode: 0o755, owner: 0, group: 0)
            live[name]?.folders.insert(path)
        } else if !model.files.keys.contains(where: { $0.hasPrefix(path + "/") }) {
            note("rmdir \(name) \(path)")
            _ = try collection.removeDirectory(ByteString(path), in: 1)
            live[name]?.folders.remove(path)
        } else {
            let target = "d\(pick(4..<8))"
            guard !model.folders.contains(target) else { return }
            note("rename folder \(name) \(path) \(target)")
            _ = try collection.rename(ByteString(path), in: 1, to: ByteString(target), in: 1, mode: .replace)
            live[name]?.folders.remove(path)
            live[name]?.folders.insert(target)
            for (file, content) in model.files where file.hasPrefix(path + "/") {
                live[name]?.files[file] = nil
                live[name]?.files[target + file.dropFirst(path.count)] = content
                let patch = patches.removeValue(forKey: name + "/" + file)
                patches[name + "/" + target + file.dropFirst(path.count)] = patch
            }
        }
    }

    private mutating func snapshot(_ name: String) throws {
        let snapshot = "s\(steps)"
        note("snapshot \(name) \(snapshot)")
        try collection(name).makeSnapshot(named: ByteString(snapshot))
        past[name, default: [:]][snapshot] = live[name]
    }

    private mutating func removeSnapshot(_ name: String) throws {
        guard let snapshot = past[name]?.keys.sorted().randomElement(using: &random) else { return }
        note("remove snapshot \(name) \(snapshot)")
        try collection(name).removeSnapshot(named: ByteString(snapshot))
        past[name]?[snapshot] = nil
    }

    private mutating func renameSnapshot(_ name: String) throws {
        guard let snapshot = past[name]?.keys.sorted().randomElement(using: &random) else { return }
        note("rename snapshot \(name) \(snapshot)")
        try collection(name).renameSnapshot(ByteString(snapshot), to: ByteString("r\(steps)"))
        let model = past[name]?.removeValue(forKey: snapshot)
        past[name]?["r\(steps)"] = model
    }

    private mutating func fork(_ name: String) throws {
        guard live.count < 6 else { return }
        let new = "f\(steps)"
        if let snapshot = past[name]?.keys.sorted().randomElement(using: &random), Bool.random(using: &random) {
            note("fork \(name)@\(snapshot) as \(new)")
            let shown = try #require(try collection(name).snapshot(named: ByteString(snapshot)))
            _ = try fixture.store.fork(shown, as: ByteString(new))
            live[new] = past[name]?[snapshot]
            try readPatches(new)
        } else {
            note("fork \(name) as \(new)")
            _ = try fixture.store.fork(try collection(name), as: ByteString(new))
            live[new] = live[name]
            for (key, value) in patches where key.hasPrefix(name + "/") {
                patches[new + key.dropFirst(name.count)] = value
            }
        }
    }

    private mutating func removeCollection(_ name: String) throws {
        guard live.count > 1, let model = live[name] else { return }
        note("remove collection \(name)")
        let collection = try collection(name)
        for path in model.files.keys {
            let (parent, last) = try place(path, in: collection)
            _ = try collection.remove(last, in: parent)
        }
        for path in model.folders { _ = try collection.removeDirectory(ByteString(path), in: 1) }
        if past[name]?.isEmpty == false {
            #expect(throws: VexFSError.self) { try fixture.store.removeCollection(collection) }
        }
        for snapshot in past[name]?.keys.sorted() ?? [] {
            try collection.removeSnapshot(named: ByteString(snapshot))
        }
        try fixture.store.removeCollection(collection)
        (live[name], past[name], trash[name]) = (nil, nil, nil)
        patches = patches.filter { !$0.key.hasPrefix(name + "/") }
    }

    mutating func reopen() throws {
        note("reopen")
        try fixture.reopen()
    }

    mutating func expectSome() throws {
        guard let name = live.keys.sorted().randomElement(using: &random), let model = live[name] else { return }
        note("compare \(name)")
        try collection(name).expect(model, name, &random)
        guard let snapshot = past[name]?.keys.sorted().randomElement(using: &random) else { return }
        try expect(name, snapshot)
    }

    private mutating func expect(_ name: String, _ snapshot: String) throws {
        guard let model = past[name]?[snapshot] else { return }
        let shown = try #require(try collection(name).snapshot(named: ByteString(snapshot)))
        note("compare \(name)@\(snapshot)")
        try shown.expect(model, "\(name)@\(snapshot)", &random)
        #expect(throws: VexFSError.self) { try shown.put("x.json", "{}") }
    }

    mutating func expectAll() throws {
        #expect(Set(fixture.store.collections.map(\.name.string)) == Set(live.keys))
        for name in live.keys.sorted() {
            guard let model = live[name] else { continue }
            try collection(name).expect(model, name, &random)
            try expectTrash(name)
            #expect(Set(try collection(name).snapshots().map(\.name.string)) == Set((past[name] ?? [:]).keys))
            for snapshot in past[name]?.keys.sorted() ?? [] { try expect(name, snapshot) }
        }
    }

    /// Whether `fsck` finds nothing wrong.
    func expectSound() throws {
        fixture.close()
        let report = try Store.check(at: fixture.path)
        #expect(report.problems.isEmpty, "\(report.problems.prefix(5))")
        #expect(report.leftovers.isEmpty, "\(report.leftovers.prefix(5))")
    }
}
