import Foundation
import TestSupport

extension ReferenceRun {
    private var snapshots: TestPath { root / ".vexfs/snapshots" }

    /// Makes, renames or removes a snapshot.
    mutating func changeSnapshots() throws {
        let known = past.keys.sorted().randomElement(using: &random)
        let name = "s\(history.count)"
        if let known, random.chance(0.3) {
            note("remove snapshot \(known)")
            try (snapshots / known).removeDirectory()
            past[known] = nil
        } else if let known, random.chance(0.15) {
            note("rename snapshot \(known) to \(name)")
            try (snapshots / known).rename(to: snapshots / name)
            let model = past.removeValue(forKey: known)
            past[name] = model
        } else {
            note("make snapshot \(name)")
            try (snapshots / name).makeDirectory()
            past[name] = model.withoutTrash
        }
    }

    /// Compares one snapshot, or all, as the collection itself is compared.
    mutating func compareSnapshots(all: Bool = false) throws {
        guard try snapshots.list() == past.keys.sorted() else {
            throw Divergence(description: "snapshots: \(try snapshots.list()), expected \(past.keys.sorted())")
        }
        for name in past.keys.shuffled(using: &random).prefix(all ? Int.max : 1) {
            guard let model = past[name] else { continue }
            note("compare snapshot \(name)")
            var then = self
            (then.root, then.model) = (snapshots / name, model)
            try then.compareEverything()
            random = then.random
        }
    }
}
