import VexFS

/// Which collection a request names: its name, and the tenant and database that it belongs to.
///
/// The directory of a collection of the default tenant and database is its name, that of another
/// `TENANT:DATABASE:NAME`; words that could be misread are escaped. Every directory is the address of one collection
/// only, and the other way round.
public struct CollectionAddress: Sendable, Hashable {
    /// The tenant; empty for the default one.
    public var tenant: String
    /// The database; empty for the default one.
    public var database: String
    /// The name within the database.
    public var name: String

    /// Names a collection.
    public init(tenant: String = "", database: String = "", name: String) {
        self.tenant = tenant
        self.database = database
        self.name = name
    }

    private static let separator = UInt8(ascii: ":")

    /// Reads the name of a directory. One that no address would be given (`%61`, made by a shell) is a name as it is.
    public init(directory: ByteString) {
        self.init(words: directory)
        if self.directory != directory { self.init(name: directory.string) }
    }

    private init(words directory: ByteString) {
        let words = directory.string.utf8.split(separator: Self.separator, omittingEmptySubsequences: false)
        if words.count == 3 {
            self.init(
                tenant: Self.unescaped(words[0]), database: Self.unescaped(words[1]), name: Self.unescaped(words[2]))
        } else {
            self.init(name: Self.unescaped(directory.string.utf8[...]))
        }
    }

    /// Whether the collection belongs to the default tenant and database.
    public var isDefault: Bool { tenant.isEmpty && database.isEmpty }

    /// The name of the directory; `nameTooLong` and the like are found when it is made.
    public var directory: ByteString {
        guard isDefault else {
            let words = [tenant, database, name].map { Self.escaped($0, escapesSeparator: true) }
            return ByteString(words.joined(separator: ":"))
        }
        let isAmbiguous = name.utf8.lazy.filter { $0 == Self.separator }.count == 2
        return ByteString(Self.escaped(name, escapesSeparator: isAmbiguous))
    }

    /// The longest name of a collection, an alias, a tenant or a database, in bytes: that of a directory.
    static let nameBytesMax = 255

    /// Refuses a name that no directory could have.
    /// - Throws: `invalidArgument` where it is empty, `nameTooLong`.
    static func check(_ name: String, _ members: Members, _ key: String) throws(VexFSError) {
        guard !name.isEmpty else { throw members.refused(key, "must not be empty") }
        guard name.utf8.count <= nameBytesMax else {
            throw VexFSError(.nameTooLong, "\"\(members.inner(key))\" has more than \(nameBytesMax) bytes")
        }
    }

    private static let reserved: Set<String> = ["query", "AGENTS.md"]

    private static func escaped(_ word: String, escapesSeparator: Bool) -> String {
        let isReserved = reserved.contains(word)
        var bytes: [UInt8] = []
        for (place, byte) in word.utf8.enumerated() {
            let isEscaped =
                byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%")
                || byte == separator && escapesSeparator || place == 0 && (byte == UInt8(ascii: ".") || isReserved)
            if isEscaped {
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A word with every `%XX` undone.
    private static func unescaped(_ word: Substring.UTF8View) -> String {
        let bytes = Array(word)
        guard bytes.contains(UInt8(ascii: "%")) else { return String(Substring(word)) }
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), place + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[place + 1...place + 2], as: UTF8.self), radix: 16)
            {
                result.append(value)
                place += 3
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        let text = String(validating: result, as: UTF8.self) ?? String(Substring(word))
        return text
    }
}
