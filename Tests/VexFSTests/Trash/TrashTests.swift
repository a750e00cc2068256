import Testing

@testable import VexFS

@Suite struct TrashTests {
    private func entry(_ trash: Trash, _ origin: String, size: Int = 1, removed: Int64 = 0) -> TrashEntry {
        var file = FileAttributes(number: 2, parent: 1, name: "x", kind: .document, mode: 0o644)
        file.size = Int64(size)
        file.row = Row(trash.next)
        return TrashEntry(
            sequence: trash.next, name: trash.name(for: origin), origin: origin, removed: removed, attributes: file)
    }

    @Test func namesTellThePathAndAreDistinct() {
        var trash = Trash()
        var names: [String] = []
        let long = String(repeating: "ä", count: 120) + ".json"
        for origin in ["a.json", "a.json", "sub/dir/x.md", "README", "README", "a.json", long, long, "\(long)/\(long)"]
        {
            let next = entry(trash, origin)
            #expect(trash[next.name] == nil && next.name.count <= 255)
            trash.insert(next)
            names.append(next.name.string)
        }
        #expect(names[..<6] == ["a.json", "a~2.json", "sub%2Fdir%2Fx.md", "README", "README~5", "a~6.json"])
        #expect(Set(names).count == 9 && names[6] == long && names[7].hasSuffix("~8.json"))
    }

    /// The same on a plain array.
    @Test(arguments: [1, 2, 3] as [UInt64]) func theOldestGoFirst(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var settings = TrashSettings()
        (settings.documents, settings.bytes, settings.seconds) = (10, 1000, 1)
        var trash = Trash()
        var plain: [TrashEntry] = []
        var now: Int64 = 5_000_000_000
        for _ in 0..<3000 {
            now += Int64.random(in: 0..<200_000_000, using: &random)
            let limit = settings.oldest(at: now)
            if Bool.random(using: &random), Bool.random(using: &random), let entry = plain.randomElement(using: &random)
            {
                trash.remove(entry)
                plain.removeAll { $0.sequence == entry.sequence }
                continue
            }
            let size = Int.random(in: 1..<400, using: &random)
            let dropped = trash.surplus(settings, before: limit, adding: size)
            let added = entry(trash, "\(dropped.count).json", size: size, removed: now)
            for entry in dropped { trash.remove(entry) }
            trash.insert(added)
            plain.append(added)
            while plain.count > 10 || plain.reduce(0, { $0 + Int($1.attributes.size) }) > 1000
                || plain.first.map({ $0.removed < limit }) == true
            {
                plain.removeFirst()
            }
            #expect(trash.all.map(\.sequence) == plain.map(\.sequence))
            #expect(trash.bytes == plain.reduce(0) { $0 + Int($1.attributes.size) } && trash.count == plain.count)
        }
        settings.documents = 0
        #expect(trash.surplus(settings, before: settings.oldest(at: now)).count == plain.count)
    }

    /// What was removed while the clock was ahead does not stay until that time, nor what came after it.
    @Test func aClockThatIsSetBack() {
        var settings = TrashSettings()
        settings.seconds = 10
        let second: Int64 = 1_000_000_000
        var trash = Trash()
        for (name, time) in [("a", 100), ("b", 5000), ("c", 6000), ("d", 105), ("e", 103)] as [(String, Int64)] {
            trash.insert(entry(trash, name, removed: time * second))
        }
        #expect(trash.all.map { $0.removed / second } == [100, 103, 103, 103, 103])
        #expect(trash.surplus(settings, before: settings.oldest(at: 111 * second)).map(\.name) == ["a"])
        #expect(trash.surplus(settings, before: settings.oldest(at: 114 * second)).count == 5)
        trash.insert(entry(trash, "f", removed: 9000 * second))
        #expect(trash.surplus(settings, before: settings.oldest(at: 130 * second)).count == 5)
        trash.noteTime(130 * second)
        #expect(trash.all.last?.removed == 130 * second)
        #expect(trash.surplus(settings, before: settings.oldest(at: 141 * second)).count == 6)
    }
}
