import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test func linksLead() throws {
        let link = try Regex("\\]\\(([^)#:\\s]+)(#[^)]*)?\\)")
        for file in Repository.files("md") {
            let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
            for (index, line) in file.lines.enumerated() {
                for match in line.matches(of: link) {
                    guard let target = match.output[1].substring else { continue }
                    let path = [Repository.root, folder, String(target)].joined(separator: "/")
                    if !FileManager.default.fileExists(atPath: path) {
                        Issue.record("\(file.path):\(index + 1) links to \(target), which is not there")
                    }
                }
            }
        }
    }

    /// Every statement of the semantics is quoted by the test that proves it, and every quotation is a statement.
    @Test func semanticsAreProved() throws {
        let semantics = try #require(Repository.files.first { $0.path == "docs/semantics.md" })
        let statements = Self.bullets(of: semantics)
        var quotations: [String: String] = [:]
        for folder in ["IntegrationTests", "ReferenceTests", "CrashTests"] {
            for file in Repository.files("swift", in: "Tests/\(folder)/") {
                for sentence in Self.quotations(in: file) { quotations[sentence] = file.path }
            }
        }
        #expect(statements.count > 100)
        #expect(Set(statements).count == statements.count, "a statement stands twice")
        for statement in statements where quotations[statement] == nil {
            Issue.record("no test quotes: \(statement)")
        }
        for (sentence, path) in quotations.sorted(by: { $0.key < $1.key }) where !statements.contains(sentence) {
            Issue.record("\(path) quotes what docs/semantics.md does not say: \(sentence)")
        }
    }

    /// The bullets of a page, each on one line.
    static func bullets(of file: Repository.File) -> [String] {
        var bullets: [String] = []
        var inside = false
        for line in file.lines {
            if line.hasPrefix("- ") {
                bullets.append(String(line.dropFirst(2)))
                inside = true
            } else if inside && line.hasPrefix("  ") {
                bullets[bullets.count - 1] += " " + line.drop { $0 == " " }
            } else {
                inside = false
            }
        }
        return bullets
    }

    /// The sentences between quotation marks in the comments that stand before tests.
    static func quotations(in file: Repository.File) -> [String] {
        var sentences: [String] = []
        var comment = ""
        for line in file.lines {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("///") {
                comment += " " + text.dropFirst(3).drop { $0 == " " }
            } else {
                if text.hasPrefix("@Test") {
                    sentences += comment.components(separatedBy: "\"").enumerated()
                        .filter { $0.offset % 2 == 1 }.map(\.element)
                }
                comment = ""
            }
        }
        return sentences
    }
}
