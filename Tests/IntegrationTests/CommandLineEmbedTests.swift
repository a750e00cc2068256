import Foundation
import TestSupport
import Testing

@testable import vexfs_fuse

/// `vexfs-fuse embed`, with the real model.
@Suite struct CommandLineEmbedTests {
    private func embed(_ input: String, _ options: String...) throws -> CommandResult {
        try run([Environment.binary, "embed"] + options, input: Array(input.utf8), timeLimitSeconds: 300)
    }

    private func vectors(_ result: CommandResult) throws -> [[Double]] {
        try result.lines.map { line in
            let array = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [NSNumber]
            return try #require(array).map(\.doubleValue)
        }
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

    @Test func linesBecomeUnitVectorsInOrder() throws {
        let texts = ["money back", "a refund", "boiling water"]
        let result = try embed(texts.map { "\"\($0)\"\n" }.joined(), "--precision", "f32")
        #expect(result.status == 0, "\(result.errorText)")
        let all = try vectors(result)
        #expect(all.count == 3 && all.allSatisfy { $0.count == 384 })
        for vector in all { #expect(abs(dot(vector, vector) - 1) < 1e-5) }
        #expect(dot(all[0], all[1]) > dot(all[0], all[2]) + 0.1)
        // One by one or together: the same text has the same vector.
        let alone = try #require(try vectors(try embed("\"a refund\"", "--precision", "f32")).first)
        #expect(dot(alone, all[1]) > 0.999999)
    }

    @Test func precisionsAgree() throws {
        let text = "\"Reading a name under query searches by meaning.\"\n"
        let exact = try #require(try vectors(try embed(text, "--precision", "f32")).first)
        let fast = try #require(try vectors(try embed(text, "--precision", "bf16")).first)
        #expect(dot(exact, fast) > 0.9999)
    }

    @Test func aBadLineIsNamedAfterTheGoodOnesWereAnswered() throws {
        let result = try embed("\"good\"\n\"also good\"\nbad\n\"never reached\"\n")
        #expect(result.status == ExitCode.badInput.rawValue)
        #expect(result.errorText.contains("line 3"))
        #expect(result.lines.count == 2)
    }

    @Test func noInputIsNoOutput() throws {
        let result = try embed("")
        #expect(result.status == 0 && result.output.isEmpty)
    }

    @Test func aMissingModelHasItsOwnExitCode() throws {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        let result = try embed("\"a\"\n", "--model", directory)
        #expect(result.status == ExitCode.modelMissing.rawValue)
        #expect(result.errorText.contains(directory))
        let chosen = try run(
            [Environment.binary, "embed"], input: Array("\"a\"\n".utf8), environment: ["VEXFS_MODEL_DIR": directory])
        #expect(chosen.status == ExitCode.modelMissing.rawValue)
    }
}
