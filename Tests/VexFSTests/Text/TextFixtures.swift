import Foundation
import Testing

@testable import VexFS

/// What other programs made of texts; `Tests/Fixtures/text/make_fixtures.py` wrote it.
enum TextFixtures {
    /// The lines of a file.
    static func lines(_ name: String) throws -> [JSON] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/text")
        let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON.parse(Array($0)) }
    }

    static func text(_ line: JSON) throws -> String { try #require(line["text"]?.stringValue) }

    private static func array(_ json: JSON?) throws -> [JSON] {
        let elements: [JSON]? = json?.arrayValue
        return try #require(elements)
    }

    static func dimensions(_ json: JSON?) throws -> [UInt32] {
        try array(json).map { UInt32(try #require($0.integerValue)) }
    }

    static func values(_ json: JSON?) throws -> [Double] {
        try array(json).map { try #require($0.numberValue) }
    }

    static func options(_ json: JSON?) throws -> TextOptions {
        let json = try #require(json)
        var options = TextOptions()
        options.tokenizer = try #require(TextOptions.Tokenizer(rawValue: json["tokenizer"]?.stringValue ?? ""))
        options.lowercase = json["lowercase"]?.boolValue ?? true
        options.asciiFolding = json["asciiFolding"]?.boolValue ?? false
        options.minTokenLength = json["min"]?.integerValue.map { Int($0) }
        options.maxTokenLength = json["max"]?.integerValue.map { Int($0) }
        options.stemmer = json["stemmer"]?.stringValue.flatMap(TextOptions.Stemmer.init)
        let languages = (json["languages"]?.arrayValue ?? []).compactMap { $0.stringValue }
        options.stopwords = .init(
            languages: Set(try languages.map { try #require(TextOptions.Language(rawValue: $0)) }),
            words: Set((json["words"]?.arrayValue ?? []).compactMap { $0.stringValue }))
        return options
    }
}
