import Foundation
import TestSupport
import Testing

/// Every example checks its own results; here they all have to be content.
@Suite(.serialized) struct ExampleTests {
    private static let directory =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/examples"

    private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
        .filter { ($0.hasSuffix(".sh") || $0.hasSuffix(".py")) && $0 != "common.sh" }.sorted()

    @Test func thereAreExamples() {
        #expect(Self.names.count >= 6)
    }

    @Test(arguments: names)
    func exampleRuns(name: String) throws {
        let mount = try SharedMount.get()
        let result = try run([Self.directory + "/" + name, mount.point.string], timeLimitSeconds: 180)
        #expect(result.status == 0, "\(name):\n\(result.text)\(result.errorText)")
        #expect(try !TestPath(mount.point.string).list().contains { $0.hasPrefix("example-") })
    }
}
