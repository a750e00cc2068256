import CRE2

/// A regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax), matched without backtracking: the
/// time is linear in the text, the memory bounded.
public final class RegularExpression: Sendable, Hashable, CustomStringConvertible {
    /// What one expression may use for itself and for what it remembers while matching, in bytes.
    private static let maximumMemory: Int64 = 8 << 20
    /// The longest pattern in bytes.
    public static let maximumPatternBytes = 4096
    /// The most instructions of a compiled pattern: where RE2 cannot remember what it has worked out, it tries each of
    /// them at each byte of a text.
    static let maximumSize = 2000

    /// The pattern.
    public let pattern: String
    // Contract: not nil, never changed, and destroyed with its only owner; RE2 may be used by many threads at once.
    private nonisolated(unsafe) let regex: OpaquePointer

    /// Compiles a pattern.
    /// - Throws: `invalidFilter` where it is malformed, too long, or too large once its repetitions are written out.
    public init(_ pattern: String) throws(VexFSError) {
        guard pattern.utf8.count <= Self.maximumPatternBytes else {
            throw VexFSError(
                .invalidFilter,
                "the regular expression has \(pattern.utf8.count) bytes, and \(Self.maximumPatternBytes) is the most")
        }
        let bytes = Array(pattern.utf8)
        var reason = [CChar](repeating: 0, count: 256)
        guard let regex = vexfs_regex_create(bytes, bytes.count, Self.maximumMemory, &reason, reason.count) else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw VexFSError(.invalidFilter, #"the regular expression "\#(pattern)" is not valid: \#(text)"#)
        }
        let size = Int(vexfs_regex_size(regex))
        guard size <= Self.maximumSize else {
            vexfs_regex_destroy(regex)
            throw VexFSError(
                .invalidFilter,
                "the regular expression \"\(pattern)\" has \(size) instructions once it is compiled, "
                    + "and \(Self.maximumSize) is the most; repeat less in it, such as x* for x{0,900}")
        }
        self.pattern = pattern
        self.regex = regex
    }

    deinit { vexfs_regex_destroy(regex) }

    /// Whether the expression matches somewhere in the text.
    public func matches(_ text: ByteString) -> Bool { text.withBytes { matches($0) } }

    /// Whether the expression matches somewhere in the text, which is UTF-8.
    func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        vexfs_regex_matches(regex, text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count)
    }

    /// Strings of three bytes or more, in lower case, some of which are in every text that matches.
    var atoms: [[UInt8]] {
        (0..<vexfs_regex_atom_count(regex)).map { index in
            var count = 0
            let start = vexfs_regex_atom(regex, index, &count)
            return Array(UnsafeBufferPointer(start: start, count: count))
        }
    }

    /// Whether a text may match that holds, in lower case, these of the ``atoms`` and no others.
    func mayMatch(holding atoms: [Int32]) -> Bool { vexfs_regex_may_match(regex, atoms, atoms.count) }

    /// Whether the patterns are the same.
    public static func == (left: RegularExpression, right: RegularExpression) -> Bool {
        left.pattern.utf8.elementsEqual(right.pattern.utf8)
    }

    /// Feeds the pattern to the hasher.
    public func hash(into hasher: inout Hasher) { ByteString(pattern).hash(into: &hasher) }

    /// The pattern.
    public var description: String { pattern }
}
