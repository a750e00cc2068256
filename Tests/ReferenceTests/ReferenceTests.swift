import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ReferenceTests {
    /// "Long random sequences of operations leave the same files, attributes, metadata and answers as a model
    /// in memory."
    @Test func randomOperations() throws {
        let random = SeededGenerator.announced(for: "randomOperations")
        let mount = try TestMount(timeLimitSeconds: 600 * Environment.effort)
        var run = try ReferenceRun(mount: mount, random: random)
        try run.run(steps: 1200 * Environment.effort)
        #expect(run.history.count > 1000)
        try mount.close()
    }

    @Test func theModelFindsDifferences() throws {
        let mount = try TestMount()
        var run = try ReferenceRun(mount: mount, random: SeededGenerator(seed: 1))
        try run.createDocument()
        try run.compareEverything()
        try (run.root / "stranger.tmp").write("x")
        #expect(throws: Divergence.self) { try run.compareEverything() }
        try mount.close()
    }
}
