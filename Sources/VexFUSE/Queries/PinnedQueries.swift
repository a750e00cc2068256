import Glibc
import VexFS

/// The pinned queries of one folder (or of the root), as the store keeps them.
///
/// One property a pin: `pin/<folder number>/<options>/<text>` holds the time of the last refresh and the links, so
/// that a remount shows the same.
struct PinnedQueries: Sendable {
    let scope: SearchScope
    let tree: VirtualTree

    init(_ scope: SearchScope, in tree: VirtualTree) {
        self.scope = scope
        self.tree = tree
    }

    private var prefix: String { "pin/\(scope.folderNumber)/" }

    private func key(_ segments: [ByteString], _ name: ByteString) -> String {
        prefix + (segments + [name]).map(\.string).joined(separator: "/")
    }

    /// The pin with a name, or nil.
    func find(_ segments: [ByteString], _ name: ByteString) throws(VexFSError) -> PinnedQueryDirectory? {
        guard let value = try tree.store.property(key(segments, name), of: scope.propertyOwner) else { return nil }
        return PinnedQueryDirectory(self, segments, name, PinnedResult(value))
    }

    /// The names that a listing of `query/<segments>/` shows: pins, and options that lead to pins.
    func names(below segments: [ByteString]) throws(VexFSError) -> [ByteString] {
        let prefix = prefix + segments.map { "\($0)/" }.joined()
        var names: [ByteString] = []
        for property in try tree.store.properties(withPrefix: prefix, of: scope.propertyOwner) {
            let rest = property.key.utf8.dropFirst(prefix.utf8.count)
            let first = ByteString(String(decoding: rest.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self))
            if names.last != first { names.append(first) }
        }
        return names
    }

    /// Runs a query and keeps its results as a directory.
    func pin(_ segments: [ByteString], _ name: ByteString) throws(VexFSError) -> PinnedQueryDirectory {
        try scope.requireWritable()
        let result = try run(segments, name)
        try tree.store.setProperty(key(segments, name), of: scope.propertyOwner, to: result.encoded)
        return PinnedQueryDirectory(self, segments, name, result)
    }

    /// Replaces what a pin shows.
    func store(_ result: PinnedResult, _ segments: [ByteString], _ name: ByteString) throws(VexFSError) {
        try tree.store.setProperty(key(segments, name), of: scope.propertyOwner, to: result.encoded)
    }

    /// Forgets a pin.
    func unpin(_ segments: [ByteString], _ name: ByteString) throws(VexFSError) {
        try tree.store.setProperty(key(segments, name), of: scope.propertyOwner, to: nil)
    }

    private func run(_ segments: [ByteString], _ name: ByteString) throws(VexFSError) -> PinnedResult {
        let request = try QueryParsing.request(segments + [name], in: scope)
        let answer = try scope.search(request, in: tree.store)
        // Links must lead from query/OPTIONS/…/NAME/ up to the scope's directory.
        let up = String(repeating: "../", count: segments.count + 2)
        let base = try scope.mountPath()
        let links = answer.hits.map { hit in
            let below =
                base.isEmpty || !hit.path.hasPrefix(base + "/")
                ? hit.path : String(decoding: hit.path.utf8.dropFirst(base.utf8.count + 1), as: UTF8.self)
            return PinnedResult.Link(
                name: PinnedResult.name(rank: hit.rank, score: hit.score, path: below), target: up + below)
        }
        return PinnedResult(refreshed: Clock.now(), links: links)
    }
}

/// What a pinned query shows.
struct PinnedResult: Sendable, Equatable {
    struct Link: Sendable, Equatable {
        var name: ByteString
        var target: String
    }

    /// Nanoseconds since 1970.
    var refreshed: Int64
    var links: [Link]

    init(refreshed: Int64, links: [Link]) {
        self.refreshed = refreshed
        self.links = links
    }

    /// Reads what ``encoded`` wrote: fields that each end with NUL, which no name and no path can hold.
    init(_ bytes: [UInt8]) {
        let fields = bytes.split(separator: 0, omittingEmptySubsequences: false)
            .dropLast().map { String(decoding: $0, as: UTF8.self) }
        refreshed = fields.first.flatMap { Int64($0) } ?? 0
        links = stride(from: 1, to: fields.count - 1, by: 2).map {
            Link(name: ByteString(fields[$0]), target: fields[$0 + 1])
        }
    }

    var encoded: [UInt8] {
        var bytes = Array(String(refreshed).utf8) + [0]
        for link in links { bytes += Array(link.name.string.utf8) + [0] + Array(link.target.utf8) + [0] }
        return bytes
    }

    /// `001-0.873-a.json`: sorts by rank, is unique by it, and has at the most 255 bytes.
    static func name(rank: Int, score: Double, path: String) -> ByteString {
        let number = String(rank)
        let padded = String(repeating: "0", count: max(0, 3 - number.utf8.count)) + number
        let head = "\(padded)-\(ScoreDigits.thousandths(score))-"
        let tail = VirtualName.encode(path)
        return ByteString(head + VirtualName.cut(tail, toBytes: 255 - head.utf8.count))
    }
}

/// Writes a score with three decimals, without the C library's locale.
enum ScoreDigits {
    static func thousandths(_ score: Double) -> String {
        guard score.isFinite, abs(score) < 1e12 else { return score < 0 ? "-inf" : "inf" }
        let scaled = Int64((abs(score) * 1000).rounded())
        let fraction = String(scaled % 1000)
        let sign = score < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(scaled / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
    }
}

/// Names of links, made from paths and values.
enum VirtualName {
    /// Escapes what a name cannot hold: "/" and control bytes, and a leading "." ; `%` only where it would be
    /// ambiguous.
    static func encode(_ text: String, escapingPercent: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for (index, byte) in text.utf8.enumerated() {
            let isEscaped =
                byte == 0x2F || byte < 0x20 || byte == 0x7F || (index == 0 && byte == 0x2E)
                || (escapingPercent && byte == 0x25)
            bytes += isEscaped ? [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]] : [byte]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text that ``encode(_:escapingPercent:)`` was given; nil where a `%` is not followed by two digits.
    static func decode(_ name: ByteString) -> ByteString? {
        var bytes: [UInt8] = []
        var rest = Array(name.string.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest.removeFirst(2)
        }
        return ByteString(validating: bytes)
    }

    /// The longest beginning with at the most so many bytes that ends with a whole character.
    static func cut(_ text: String, toBytes count: Int) -> String {
        guard text.utf8.count > count else { return text }
        var bytes = Array(text.utf8.prefix(count))
        while !bytes.isEmpty, String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
