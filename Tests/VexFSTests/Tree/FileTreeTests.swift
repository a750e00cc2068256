import Testing

@testable import VexFS

/// A tree as plainly as it can be: files in a dictionary, entries in the order in which they came.
struct TreeModel {
    var files: [FileNumber: FileAttributes] = [:]
    var order: [FileNumber: [FileNumber]] = [1: []]

    mutating func insert(_ file: FileAttributes) {
        files[file.number] = file
        order[file.parent, default: []].append(file.number)
        if file.kind == .directory { order[file.number] = order[file.number] ?? [] }
    }

    mutating func remove(_ number: FileNumber) {
        guard let file = files.removeValue(forKey: number) else { return }
        order[file.parent]?.removeAll { $0 == number }
        if file.kind == .directory { order[number] = nil }
    }

    mutating func move(_ number: FileNumber, to name: ByteString, in parent: FileNumber) {
        guard var file = files[number] else { return }
        order[file.parent]?.removeAll { $0 == number }
        (file.name, file.parent) = (name, parent)
        files[number] = file
        order[parent]?.append(number)
    }

    func subdirectories(_ number: FileNumber) -> UInt32 {
        UInt32((order[number] ?? []).filter { files[$0]?.kind == .directory }.count)
    }

    func expect(_ tree: FileTree, _ random: inout SeededGenerator, _ comment: Comment) {
        #expect(tree.count == files.count, comment)
        #expect(tree.brokenInvariant == nil, comment)
        for (number, file) in files {
            var expected = file
            expected.subdirectories = file.kind == .directory ? subdirectories(number) : 0
            #expect(tree[number] == expected, comment)
            #expect(tree.lookup(file.name, in: file.parent) == expected, comment)
        }
        for (directory, entries) in order {
            #expect(tree.childCount(directory) == entries.count, comment)
            var listed: [DirectoryEntry] = []
            // In pages of random lengths, as a reader of a directory comes back with a cookie.
            var more = true
            while more {
                var room = Int.random(in: 1...40, using: &random)
                more = false
                tree.list(directory, after: listed.last?.cookie ?? 0) { entry in
                    listed.append(entry)
                    room -= 1
                    more = room == 0
                    return room > 0
                }
            }
            #expect(listed.map(\.number) == entries, comment)
            #expect(listed.allSatisfy { files[$0.number]?.name == $0.name && files[$0.number]?.kind == $0.kind })
        }
    }
}

/// Random changes of a tree and its model.
struct TreeChanges {
    var tree: FileTree
    var model = TreeModel()
    var random: SeededGenerator
    private var next: FileNumber = 2

    init(seed: UInt64) {
        tree = FileTree(root: FileAttributes(number: 1, parent: 0, name: "c", kind: .directory, mode: 0o755))
        random = SeededGenerator(seed: seed)
    }

    private mutating func freshName(in parent: FileNumber) -> ByteString? {
        let length = [3, 9, 40, 200][Int.random(in: 0..<4, using: &random)]
        let name = ByteString(
            "\(random.next() % 3000)-" + String(repeating: "é", count: Int.random(in: 0..<length, using: &random) / 2))
        return tree.lookup(name, in: parent) == nil ? name : nil
    }

    private mutating func directory() -> FileNumber {
        model.order.keys.sorted().randomElement(using: &random) ?? 1
    }

    private mutating func some() -> FileNumber? {
        for _ in 0..<20 {
            let number = FileNumber.random(in: 2...next, using: &random)
            if model.files[number] != nil { return number }
        }
        return nil
    }

    mutating func step() {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<6:
            for _ in 0..<Int.random(in: 1...30, using: &random) { insert() }
        case 6, 7: removeSome()
        case 8:
            let parent = directory()
            guard let number = some(), !tree.isInside(parent, number), let name = freshName(in: parent) else { return }
            model.move(number, to: name, in: parent)
            tree.move(number, to: name, in: parent, kind: tree[number]?.kind ?? .document)
        case 9:
            if Int.random(in: 0..<20, using: &random) == 0 { tree.giveBackMemory() }
        default:
            guard let number = some() else { return }
            let (size, row) = (Int64(random.next() >> 2), Row(truncatingIfNeeded: random.next() >> 40))
            tree.update(number) { ($0.size, $0.row, $0.version) = (size, row, $0.version + 1) }
            model.files[number]?.size = size
            model.files[number]?.row = row
            model.files[number]?.version += 1
        }
    }

    private mutating func insert() {
        let parent = Int.random(in: 0..<3, using: &random) > 0 ? 1 : directory()
        guard let name = freshName(in: parent) else { return }
        let kind: FileKind = Int.random(in: 0..<12, using: &random) == 0 ? .directory : .document
        var file = FileAttributes(number: next, parent: parent, name: name, kind: kind, mode: 0o644)
        next += FileNumber.random(in: 1...3, using: &random)
        (file.owner, file.group, file.version) = (7, 8, UInt64.random(in: 0...3, using: &random))
        (file.modified, file.changed) = (Int64(random.next() >> 1), -5)
        tree.insert(file)
        model.insert(file)
    }

    private mutating func removeSome() {
        for _ in 0..<Int.random(in: 1...60, using: &random) {
            guard let number = some(), model.order[number]?.isEmpty ?? true else { continue }
            #expect(tree.remove(number)?.name == model.files[number]?.name)
            model.remove(number)
        }
    }
}

@Suite struct FileTreeTests {
    @Test func randomChangesAndCopies() {
        for seed in UInt64(1)...4 {
            var changes = TreeChanges(seed: seed)
            var copies: [(FileTree, TreeModel)] = []
            for step in 0..<400 {
                changes.step()
                if step % 100 == 50 { copies.append((changes.tree, changes.model)) }
            }
            copies.append((changes.tree, changes.model))
            var random = SeededGenerator(seed: seed)
            for (tree, model) in copies { model.expect(tree, &random, "seed \(seed)") }
        }
    }

    @Test func aCommittedTreeHasNoFileThatWasNeverCommitted() {
        var changes = TreeChanges(seed: 9)
        for _ in 0..<200 { changes.step() }
        let committed = changes.tree.committed
        // Files below a directory that was never committed are none that a commit made; they stay unlisted.
        for (number, file) in changes.model.files { #expect((committed[number] != nil) == (file.version > 0)) }
    }

    @Test func pathsLeadThereAndBack() throws {
        var changes = TreeChanges(seed: 11)
        for _ in 0..<200 { changes.step() }
        for number in changes.model.files.keys {
            let path = try #require(changes.tree.path(of: number))
            #expect(changes.tree.number(atPath: path) == number)
        }
        #expect(changes.tree.path(of: 1) == "")
    }

    @Test func aListingGoesOnWhileFilesComeAndGo() {
        var tree = FileTree(root: FileAttributes(number: 1, parent: 0, name: "c", kind: .directory, mode: 0o755))
        let file = { (number: FileNumber) in
            FileAttributes(number: number, parent: 1, name: ByteString("f\(number)"), kind: .document, mode: 0o644)
        }
        for number in FileNumber(2)..<1002 { tree.insert(file(number)) }
        var seen: [FileNumber] = []
        var cookie: UInt64 = 0
        var next: FileNumber = 1002
        while next < 1400 {
            tree.list(1, after: cookie) { entry in
                seen.append(entry.number)
                cookie = entry.cookie
                return false
            }
            // One that was seen goes, one that was not goes, one comes.
            tree.remove(seen.last ?? 0)
            tree.remove(1001 - (next - 1002))
            tree.insert(file(next))
            next += 1
        }
        #expect(Set(seen).count == seen.count && seen == seen.sorted())
        #expect(seen.prefix(398) == (2..<400).map { FileNumber($0) }[...])
    }
}
