import CVexKernels
import Foundation
import Testing
import VexFS

@testable import VexEmbedding

/// The test data beside the tests, and the installed model.
enum Fixtures {
    /// One line of `minilm_reference.jsonl`: made by sentence-transformers 6.2.0.
    struct Reference {
        var text: String
        var ids: [Int32]
        var vector: [Float]
    }

    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/embedding").path

    /// The lines of a JSON Lines file.
    static func lines(_ path: String) throws -> [JSON] {
        let bytes = try readFile(path, limit: 1 << 30)
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON.parse(Array($0)) }
    }

    static func references() throws -> [Reference] {
        try lines("\(directory)/minilm_reference.jsonl").map { line in
            let encoded = try #require(line["embedding_b64_f32le"]?.stringValue)
            let data = try #require(Data(base64Encoded: encoded))
            let vector = stride(from: 0, to: data.count, by: 4).map { at in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[at + $1]) << UInt32(8 * $1) })
            }
            return Reference(text: try text(line), ids: try ids(line), vector: vector)
        }
    }

    static func text(_ line: JSON) throws -> String { try #require(line["text"]?.stringValue) }

    static func ids(_ line: JSON) throws -> [Int32] {
        try #require(line["ids"]?.arrayValue).map { Int32(try #require($0.integerValue)) }
    }

    /// The directory of the installed model.
    static func model() throws -> String {
        let directory = ModelDirectory.default
        guard FileManager.default.isReadableFile(atPath: "\(directory)/model.json") else {
            throw MissingModel(directory: directory)
        }
        return directory
    }

    /// Why a test of the model cannot run: a failure, not a reason to skip it.
    struct MissingModel: Error, CustomStringConvertible {
        var directory: String
        var description: String { "these tests need the model in \(directory): run scripts/fetch-model" }
    }

    static func cosine(_ left: [Float], _ right: [Float]) -> Double {
        var (product, first, second) = (0.0, 0.0, 0.0)
        for (a, b) in zip(left, right) {
            product += Double(a) * Double(b)
            first += Double(a) * Double(a)
            second += Double(b) * Double(b)
        }
        return product / (first * second).squareRoot()
    }

    /// A new directory, which `body` may fill; removed afterwards.
    static func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = NSTemporaryDirectory() + "/vexfs-embedding-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
