import Foundation

/// A JSON document with a vector of its own, and optionally a text and metadata.
public func document(_ vector: [Float], text: String? = nil, metadata: [String: Any] = [:]) -> String {
    var members = ["\"vector\": [\(vector.map(\.description).joined(separator: ", "))]"]
    if let text { members.insert("\"text\": \(encodeJSON(text))", at: 0) }
    if !metadata.isEmpty { members.append("\"metadata\": \(encodeJSON(metadata))") }
    return "{\(members.joined(separator: ", "))}\n"
}

/// A value as JSON text, keys sorted.
public func encodeJSON(_ value: Any) -> String {
    let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? JSONSerialization.data(withJSONObject: value, options: options) else { return "null" }
    return String(decoding: data, as: UTF8.self)
}

/// Parses JSON; nil where it is none.
public func decodeJSON(_ text: some StringProtocol) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
}

/// Parses a JSON object; empty where it is none.
public func decodeObject(_ text: some StringProtocol) -> [String: Any] { decodeJSON(text) as? [String: Any] ?? [:] }

/// A vector as the path option `vec=` wants it: base64url of little-endian Float32.
public func base64url(_ vector: [Float]) -> String {
    let data = vector.reduce(into: Data()) { data, component in
        withUnsafeBytes(of: component.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
}

/// One line of a search's answer.
public struct Hit: Sendable, Equatable {
    /// Its place, from 1.
    public var rank: Int
    /// Its score.
    public var score: Double
    /// The document's id.
    public var id: String
    /// The document's path.
    public var file: String
    /// The document's text.
    public var text: String

    /// Reads a line of a `.jsonl` answer.
    public init?(line: some StringProtocol) {
        let object = decodeObject(line)
        guard let rank = object["rank"] as? Int,
            let score = object["score"] as? Double ?? (object["score"] as? Int).map(Double.init),
            let id = object["id"] as? String
        else { return nil }
        (self.rank, self.score, self.id) = (rank, score, id)
        file = object["file"] as? String ?? ""
        text = object["text"] as? String ?? ""
    }
}

extension TestPath {
    /// Searches this collection or folder by a vector and returns the hits.
    public func search(_ vector: [Float], options: String = "k=10") throws -> [Hit] {
        try (self / "query/\(options)/vec=\(base64url(vector))/x.jsonl").lines().compactMap(Hit.init(line:))
    }

    /// The ids of a search by a vector, best first.
    public func searchIDs(_ vector: [Float], options: String = "k=10") throws -> [String] {
        try search(vector, options: options).map(\.id)
    }
}
