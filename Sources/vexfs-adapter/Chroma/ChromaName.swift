import VexValues

/// The rules for names of collections and databases, and how they are called on the mount.
enum ChromaName {
    /// The tenant and the database that are always there.
    static let defaultTenant = "default_tenant"
    static let defaultDatabase = "default_database"

    /// What is wrong with a name, or nil.
    static func problem(_ name: String) -> String? {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
        }
        let bytes = Array(name.utf8)
        let isPlain =
            3...512 ~= bytes.count && isLetterOrDigit(bytes[0]) && isLetterOrDigit(bytes[bytes.count - 1])
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
        guard isPlain else {
            return "Expected a name containing 3-512 characters from [a-zA-Z0-9._-], starting and ending with a "
                + "character in [a-zA-Z0-9]. Got: \(name)"
        }
        if name.contains("..") {
            return "Expected a name that does not contains two consecutive periods (..). Got \(name)"
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) {
            return "Expected a name that is not a valid ip address. Got \(name)"
        }
        return nil
    }

    /// The longest name that is a directory's name too, with room for escapes, tenant and database.
    private static let longestBytes = 150

    /// What stands for all tenants, or databases, in a request to the mount.
    static let all = "*"

    /// A name on the mount: itself, or the hash of one that no directory can have, or that says something else there.
    static func onMount(_ name: String) -> String {
        guard name.utf8.count > longestBytes || name == all else { return name }
        return "~" + String(SHA256.hexadecimal(SHA256.hash(name.utf8)).prefix(32))
    }

    /// Which tenant and database a request to the mount is about; what is default is left out.
    static func address(tenant: String, database: String) -> [JSON.Member] {
        var members: [JSON.Member] = []
        if tenant != defaultTenant { members.append(.init("tenant", .string(onMount(tenant)))) }
        if database != defaultDatabase { members.append(.init("database", .string(onMount(database)))) }
        return members
    }

    /// A UUID in its canonical form, or nil; it may have the form `{‥}` or `urn:uuid:‥`, too.
    static func uuid(_ text: String) -> String? {
        if isCanonical(text) { return text }
        let inner = text.hasPrefix("{") && text.hasSuffix("}") ? text.dropFirst().dropLast() : text[...]
        let lower = (text.hasPrefix("urn:uuid:") ? text.dropFirst(9) : inner).lowercased()
        let digits = lower.utf8.filter { $0 != UInt8(ascii: "-") }
        let isHex = digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 }
        guard digits.count == 32, isHex else { return nil }
        let canonical = uuid(digits: String(decoding: digits, as: UTF8.self))
        return lower == canonical || text.utf8.count == 32 ? canonical : nil
    }

    /// Whether a text is a UUID as all clients write it.
    private static func isCanonical(_ text: String) -> Bool {
        guard text.utf8.count == 36 else { return false }
        var place = 0
        for byte in text.utf8 {
            switch place {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return false }
            default: guard byte >= 0x30 && byte <= 0x39 || byte >= 0x61 && byte <= 0x66 else { return false }
            }
            place += 1
        }
        return true
    }

    /// The UUID of what has none on the mount: derived from its name, so that it stays.
    static func uuid(of name: String) -> String {
        var bytes = Array(SHA256.hash(name.utf8).prefix(16))
        // Version 8, "custom", of RFC 9562.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return uuid(digits: SHA256.hexadecimal(bytes))
    }

    private static func uuid(digits: String) -> String {
        var rest = digits[...]
        let parts = [8, 4, 4, 4, 12].map { length in
            defer { rest = rest.dropFirst(length) }
            return rest.prefix(length)
        }
        return parts.joined(separator: "-")
    }
}
