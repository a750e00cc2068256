import Foundation
import Testing
import VexFS

@testable import VexEmbedding

@Suite(.timeLimit(.minutes(2))) struct MiniLMEmbedderTests {
    @Test func `Many threads at once get the reference's vectors, in order`() async throws {
        let embedder = try MiniLMEmbedder(directory: try Fixtures.model(), precision: .f32, threadCount: 2)
        let references = Array(try Fixtures.references().prefix(80))
        let failures = Waitable(0)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    await blocking {
                        let own = references.indices.filter { $0 % 8 == thread || $0 % 5 == 0 }.map { references[$0] }
                        let role: EmbeddingRole = thread % 2 == 0 ? .query : .document
                        let answers = try? embedder.embed(own.map(\.text), role: role)
                        let isRight = answers.map { answers in
                            zip(answers, own).allSatisfy { Fixtures.cosine($0.vector, $1.vector) > 0.9999998 }
                                && answers.map(\.tokenCount) == own.map(\.ids.count)
                        }
                        if isRight != true { failures.withLock { $0 += 1 } }
                    }
                }
            }
        }
        #expect(failures.withLock { $0 } == 0)
    }

    @Test func `An empty text has a vector, and a long one is marked`() throws {
        let embedder = try MiniLMEmbedder(directory: try Fixtures.model())
        let answers = try embedder.embed(
            ["", "  ", String(repeating: "word ", count: 254), String(repeating: "word ", count: 255), ""],
            role: .document)
        #expect(answers.map(\.tokenCount) == [2, 2, 256, 256, 2])
        #expect(answers.map(\.truncated) == [false, false, false, true, false])
        #expect(answers[0].vector == answers[1].vector && answers[0].vector == answers[4].vector)
        #expect(answers[2].vector == answers[3].vector)
        #expect(answers[0].vector.count == 384 && answers[0].vector != answers[2].vector)
        #expect(try embedder.embed([], role: .query).isEmpty)
    }

    @Test func `Both precisions share one space`() throws {
        let directory = try Fixtures.model()
        let exact = try MiniLMEmbedder(directory: directory, precision: .f32)
        let fast = try MiniLMEmbedder(directory: directory, precision: .bf16)
        #expect(exact.space == fast.space)
        #expect(exact.space.model == "all-MiniLM-L6-v2")
        #expect(exact.space.dimension == 384 && exact.space.maximumTokens == 256)
        // Stores keep this id: it must never change for the same model.
        #expect(exact.space.id == "0e6d3120ef064f5a4cf900a76ca4ff8245c79be6d10c8ad83107377e23afa60e")
        let text = ["how do refunds work"]
        let cosine = Fixtures.cosine(
            try exact.embed(text, role: .query)[0].vector, try fast.embed(text, role: .query)[0].vector)
        #expect(cosine > 0.9999)
    }

    @Test func `A missing model says how to get it, and is found once it is there`() throws {
        try Fixtures.withDirectory { directory in
            let embedder = try MiniLMEmbedder(directory: directory)
            #expect(embedder.space == MiniLMEmbedder.space(digest: MiniLM.digest))
            let error = #expect(throws: VexFSError.self) { try embedder.embed(["a"], role: .document) }
            #expect(error?.code == .modelMissing)
            #expect(error?.message.contains("scripts/fetch-model") == true)
            for name in ["model.json", "model.safetensors", "vocab.txt"] {
                let source = "\(try Fixtures.model())/\(name)"
                try FileManager.default.createSymbolicLink(atPath: "\(directory)/\(name)", withDestinationPath: source)
            }
            #expect(try embedder.embed(["a"], role: .document).count == 1)
        }
    }

    @Test func `Weights of the wrong size are refused`() throws {
        try Fixtures.withDirectory { directory in
            for name in ["model.json", "vocab.txt"] {
                let source = "\(try Fixtures.model())/\(name)"
                try FileManager.default.createSymbolicLink(atPath: "\(directory)/\(name)", withDestinationPath: source)
            }
            try Fixtures.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "\(directory)/model.safetensors")
            let embedder = try MiniLMEmbedder(directory: directory)
            let error = #expect(throws: VexFSError.self) { try embedder.embed(["a"], role: .document) }
            #expect(error?.code == .corruption)
        }
    }
}
