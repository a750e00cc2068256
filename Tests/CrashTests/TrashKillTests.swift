import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct TrashKillTests {
    /// "A document that `rm` or `mv` moves into or out of the trash while the daemon is killed is in one of the two
    /// places, whole, and never in both."
    @Test func killDuringRemovals() throws {
        var random = SeededGenerator.announced(for: "killDuringRemovals")
        var moved = 0
        let mount = try TestMount()
        let collection = try mount.collection()
        let texts = (0..<60).map { document([Float($0), 1], text: String(repeating: "w\($0) ", count: 200)) }
        for (number, text) in texts.enumerated() { try (collection / "\(number).json").write(text) }
        // Two processes take turns with their own halves of the documents, and note what was done.
        let script = """
            i=0
            while :; do
                n=$((RANDOM % 30 * 2 + $1))
                if [ -e $n.json ]; then rm $n.json || exit; else mv .vexfs/trash/$n.json . || exit; fi
                i=$((i + 1)); echo $i > "$2"
            done
            """
        for _ in 0..<3 * Environment.effort {
            let logs = TestPath(try makeTemporaryDirectory())
            defer { removeTree(logs.string) }
            let finished = DispatchGroup()
            for half in 0..<2 {
                finished.enter()
                Thread.detachNewThread {
                    _ = try? run(
                        ["bash", "-c", script, "mover", "\(half)", (logs / "\(half)").string], in: collection.string)
                    finished.leave()
                }
            }
            while !(0..<2).allSatisfy({ (try? (logs / "\($0)").text().isEmpty) == false }) { usleep(2000) }
            // The moment is random on purpose; nothing below depends on how far the movers came.
            usleep(UInt32(random.pick(10_000..<500_000)))
            try mount.kill()
            #expect(finished.wait(timeout: .now() + .seconds(60 * Environment.slowness)) == .success)
            moved += (0..<2).reduce(0) {
                $0 + (Int(((try? (logs / "\($1)").text()) ?? "").trimmingCharacters(in: .newlines)) ?? 0)
            }
            let check = try run([Environment.binary, "fsck", mount.store])
            #expect(check.status == 0, "\(check.text)\(check.errorText)")
            try mount.mount()
            let (live, trash) = (try collection.list(), try (collection / ".vexfs/trash").list())
            #expect(Set(live).isDisjoint(with: trash))
            #expect(Set(live + trash) == Set((0..<60).map { "\($0).json" }))
            for number in 0..<60 {
                let isLive = live.contains("\(number).json")
                let path = isLive ? collection / "\(number).json" : collection / ".vexfs/trash/\(number).json"
                #expect(try path.text() == texts[number])
                let nearest = try collection.searchIDs([Float(number), 1], options: "k=1000")
                #expect(nearest.contains("\(number)") == isLive && nearest.count == live.count)
            }
        }
        #expect(moved > 10)
        try mount.close()
    }
}
