import Foundation
import TestSupport

/// Does random operations on a mount and on the model, and compares what comes of them.
struct ReferenceRun {
    let mount: TestMount
    var root: TestPath
    var model = ReferenceModel()
    /// What the snapshots hold, by name.
    var past: [String: ReferenceModel] = [:]
    var random: SeededGenerator
    /// What was done, newest last.
    var history: [String] = []
    static let dimension = 5

    init(mount: TestMount, random: SeededGenerator) throws {
        (self.mount, self.random) = (mount, random)
        root = try mount.collection("reference")
        try (root / ".vexfs/config.json").write("{\"metric\": \"dot\"}")
    }

    /// Does `count` random steps, and compares everything every hundred.
    mutating func run(steps count: Int) throws {
        for step in 1...count {
            do {
                try self.step()
                if step % 100 == 0 || step == count {
                    try compareEverything()
                    try compareSnapshots(all: step == count)
                }
            } catch {
                throw Divergence(description: "step \(step): \(error)\n" + history.suffix(25).joined(separator: "\n"))
            }
        }
    }

    private mutating func step() throws {
        switch random.pick(0..<100) {
        case 0..<22: try createDocument()
        case 22..<30: try createScratch()
        case 30..<40: try overwrite()
        case 40..<46: try append()
        case 46..<51: try truncate()
        case 51..<60: try rename()
        case 60..<64: try unlink()
        case 64: try random.chance(0.8) ? restore() : emptyTrash()
        case 65..<68: try unlinkWhileOpen()
        case 68..<73: try makeFolder()
        case 73..<76: try removeFolder()
        case 76..<79: try renameFolder()
        case 79..<82: try changeMode()
        case 82..<87: try setMetadata()
        case 87..<90: try refusedWrite()
        case 90..<92: try interleavedWrite()
        case 92..<97: try search()
        case 97..<99: try changeSnapshots()
        default: try restart()
        }
    }

    mutating func note(_ text: String) { history.append("\(history.count): \(text)") }

    /// A random folder.
    mutating func folder() -> String { model.folders.sorted().randomElement(using: &random) ?? "" }

    /// A random existing file for which the condition holds.
    mutating func file(_ condition: (ReferenceModel.File) -> Bool = { _ in true }) -> String? {
        model.files.filter { condition($0.value) }.keys.sorted().randomElement(using: &random)
    }

    /// A path for a new file, or (seldom) for one that exists.
    mutating func path(ending: String) -> String {
        let parent = folder()
        let name = "f\(random.pick(0..<60))" + ending
        return parent.isEmpty ? name : parent + "/" + name
    }

    func expect(_ expected: Int32, _ what: String, _ body: () throws -> Void) throws {
        let actual = failure(body)
        guard actual == expected else {
            throw Divergence(description: "\(what): errno \(actual), expected \(expected)")
        }
    }

    /// Compares every path, its bytes, its attributes and the number of documents.
    mutating func compareEverything() throws {
        let listing = try TestSupport.run(
            ["find", ".", "-mindepth", "1", "-printf", "%P\\t%y\\t%s\\t%m\\n"], in: root.string)
        var expected = model.files.map { path, file in
            "\(path)\tf\t\(file.bytes.count)\t\(String(file.mode, radix: 8))"
        }
        expected += model.folders.filter { !$0.isEmpty }.map { "\($0)\td" }
        let actual = listing.lines.map { line in
            line.contains("\td\t") ? line.split(separator: "\t").prefix(2).joined(separator: "\t") : line
        }
        let (missing, extra) = (Set(expected).subtracting(actual), Set(actual).subtracting(expected))
        guard missing.isEmpty, extra.isEmpty, actual.count == expected.count else {
            throw Divergence(description: "listing: missing \(missing.sorted()), unexpected \(extra.sorted())")
        }
        let trash = try (root / ".vexfs/trash").list()
        guard trash.count == model.trash.count else {
            throw Divergence(description: "the trash holds \(trash.sorted()), not \(model.trash.map(\.path))")
        }
        for (path, file) in model.files where try (root / path).read() != file.bytes {
            throw Divergence(description: "\(path) reads back as something else")
        }
        for _ in 0..<3 { try search() }
    }
}
