import Foundation
import Testing

/// The house style, as far as a program can judge it.
@Suite struct TidyTests {
    @Test func thereIsSomethingToCheck() {
        #expect(Repository.files("swift", in: "Sources/").count > 10)
        #expect(Repository.files("md").count >= 1)
    }

    @Test func filesAreShort() {
        for file in Repository.files("swift", "c", "h", "cpp") where file.lines.count > 601 {
            Issue.record("\(file.path) has \(file.lines.count - 1) lines")
        }
    }

    @Test func linesAreShort() {
        for file in Repository.files("swift", "c", "h", "cpp", "md", "sh", "py") {
            let limit = file.kind == "md" ? 130 : 120
            for (index, line) in file.lines.enumerated() where line.count > limit && !Self.mayBeLong(line, in: file) {
                Issue.record("\(file.path):\(index + 1) has \(line.count) columns")
            }
        }
    }

    /// Tables and links of Markdown cannot be broken, nor can a literal that a test compares byte for byte.
    static func mayBeLong(_ line: String, in file: Repository.File) -> Bool {
        let start = line.drop { $0 == " " }
        if file.path.hasPrefix("Tests/"), start.hasPrefix("{\"") || start.hasPrefix("\"") { return true }
        // Output of a program, in a console block, is as long as the program made it.
        let isOutput = line.hasPrefix("{\"") || line.hasPrefix("$ ")
        return file.kind == "md" && (isOutput || line.hasPrefix("|") || line.contains("](") || line.contains("://"))
    }

    @Test func functionsAreShort() {
        for file in Repository.files("swift", "c", "cpp") {
            for function in Self.functions(in: file) where function.lines > 70 {
                Issue.record("\(file.path):\(function.start): a function of \(function.lines) lines")
            }
        }
    }

    /// Functions as (first line, number of lines). Formatted code closes a body at the indentation that opened it.
    static func functions(in file: Repository.File) -> [(start: Int, lines: Int)] {
        let words = ["func ", "init(", "init?(", "deinit {", "subscript("]
        var found: [(Int, Int)] = []
        for (index, line) in file.lines.enumerated() {
            let text = line.drop { $0 == " " }
            let opens: Bool
            if file.kind == "swift" {
                let declaration = text.split(separator: "(").first.map { $0 + "(" } ?? text
                opens =
                    words.contains { declaration.hasPrefix($0) || declaration.contains(" " + $0) }
                    && !text.hasPrefix("//") && !text.hasPrefix("\"") && !text.contains(".init(")
            } else {
                opens = !line.hasPrefix(" ") && line.hasSuffix("{") && line.contains("(") && !line.hasPrefix("extern")
            }
            guard opens else { continue }
            let indentation = String(line.prefix { $0 == " " })
            guard let end = Self.end(of: index, indentation: indentation, in: file.lines) else { continue }
            found.append((index + 1, end - index + 1))
        }
        return found
    }

    private static func end(of start: Int, indentation: String, in lines: [String]) -> Int? {
        if lines[start].hasSuffix("}") { return start }
        for index in lines.indices[(start + 1)...] {
            if lines[index].hasPrefix(indentation + "}") { return index }
            let isDeeper = lines[index].hasPrefix(indentation + " ") || lines[index].isEmpty
            if !isDeeper && !lines[index].hasPrefix(indentation + ")") { return nil }
        }
        return nil
    }

    @Test func bannedWords() {
        // Put together here, so that this file does not break its own rule.
        let everywhere = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        for file in Repository.files("swift", "c", "h", "cpp", "md", "sh", "py") {
            for (index, line) in file.lines.enumerated() {
                for word in everywhere where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1) has \(word)")
                }
            }
        }
        let inSwift = ["try" + "!", "-O" + "unchecked", "@un" + "checked Sendable", "nonisolated(un" + "safe)"]
        for file in Repository.files("swift", in: "Sources/") {
            for (index, line) in file.lines.enumerated() {
                for word in inSwift where line.contains(word) && !Self.isExplained(index, in: file) {
                    Issue.record("\(file.path):\(index + 1) has \(word) without a comment that says why")
                }
            }
        }
    }

    /// Whether a comment stands on the line or in the three above or the one below it.
    static func isExplained(_ index: Int, in file: Repository.File) -> Bool {
        file.lines[max(0, index - 3)...min(index + 1, file.lines.count - 1)].contains { $0.contains("//") }
    }

    @Test func librariesDoNotPrint() {
        for module in ["VexValues", "VexFS", "VexEmbedding", "VexFUSE", "VexWire", "VexService"] {
            let folder = "Sources/\(module)/"
            for file in Repository.files("swift", in: folder) {
                for (index, line) in file.lines.enumerated()
                where line.drop(while: { $0 == " " }).hasPrefix("print(") || line.contains(" debugPrint(") {
                    Issue.record("\(file.path):\(index + 1) prints")
                }
            }
        }
    }

    @Test func namesSayWhat() {
        for file in Repository.files("swift", "c", "h", "cpp") {
            let name = file.path.split(separator: "/").last?.lowercased() ?? ""
            for word in ["util", "manager", "helper", "misc", "common."] where name.contains(word) {
                Issue.record("\(file.path) is named after nothing")
            }
        }
    }

    @Test func noMachinePaths() {
        let places = ["/wo" + "rk/", "/tmp/" + "wt", "/ro" + "ot/"]
        for file in Repository.files {
            for (index, line) in file.lines.enumerated() {
                for place in places where line.contains(place) {
                    Issue.record("\(file.path):\(index + 1) names a place on one machine: \(place)")
                }
            }
        }
    }
}
