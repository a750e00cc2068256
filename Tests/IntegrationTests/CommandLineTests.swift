import Foundation
import TestSupport
import Testing

@testable import vexfs_fuse

/// The built program as scripts see it: what it prints and what it ends with. Nothing here mounts.
@Suite struct CommandLineTests {
    private static let verbs = ["format", "mount", "umount", "status", "search", "embed", "fsck"]

    private func program(_ arguments: String..., input: String = "") throws -> CommandResult {
        try run([Environment.binary] + arguments, input: Array(input.utf8))
    }

    /// A directory of its own for the body, removed after.
    private func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
        let directory = try makeTemporaryDirectory()
        defer { removeTree(directory) }
        try body(directory)
    }

    @Test func helpListsVerbsAndExitCodes() throws {
        let help = try program("--help")
        #expect(help.status == 0 && help.errorText.isEmpty)
        for verb in Self.verbs { #expect(help.text.contains("\n  \(verb) ")) }
        for code in ExitCode.allCases { #expect(help.text.contains("\(code.rawValue)  \(code.meaning)\n")) }
        #expect(try program("help").text == help.text)
    }

    @Test(arguments: verbs)
    func everyVerbHasHelp(verb: String) throws {
        let help = try program(verb, "--help")
        #expect(help.status == 0 && help.text.hasPrefix("Usage: vexfs-fuse \(verb)"))
        #expect(try program("help", verb).text == help.text)
    }

    /// docs/cli.md is written by hand; what it says of options and exit codes has to be what the program knows.
    @Test func theDocumentationNamesEveryOptionAndExitCode() throws {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let page = try TestPath(source + "/../../docs/cli.md").text()
        for code in ExitCode.allCases { #expect(page.contains("| \(code.rawValue) | \(code.meaning) |")) }
        for verb in HelpText.verbs {
            #expect(page.contains("\n## \(verb.name)"))
            for option in verb.options { #expect(page.contains("--\(option.long)"), "\(verb.name) --\(option.long)") }
        }
    }

    @Test func versionIsOneLine() throws {
        let version = try program("--version")
        #expect(version.status == 0 && version.lines == ["vexfs-fuse \(Version.text)"])
    }

    static let misuses = [
        ["frobnicate"], ["--frobnicate"], ["-q"], ["help", "frobnicate"], ["format"], ["format", "a", "b"], ["mount"],
        ["mount", "a"], ["mount", "a", "b", "c"], ["umount"], ["umount", "a", "--timeout=soon"], ["status", "a"],
        ["status", "--json=yes"], ["search", "a", "b"], ["fsck"], ["embed", "a"], ["embed", "--precision"],
        ["embed", "--precision=f16"], ["embed", "--role=poet"], ["mount", "/", "/nowhere", "-o", "frobnicate"],
        ["mount", "/", "/nowhere", "-o", "frobnicate=1"], ["mount", "/", "/nowhere", "-o", "threads=0"],
        ["mount", "/", "/nowhere", "-o", "entry_timeout=never"], ["mount", "/", "/nowhere", "--log-level=loud"],
        ["mount", "/", "/nowhere", "--log-format=xml"], ["/", "/nowhere", "-o", "rw,frobnicate"],
    ]

    @Test(arguments: misuses)
    func misuseEndsWithTwoAndASentence(arguments: [String]) throws {
        let result = try run([Environment.binary] + arguments)
        #expect(result.status == ExitCode.usage.rawValue, "\(arguments)")
        #expect(result.output.isEmpty)
        #expect(result.errorText.hasPrefix("vexfs-fuse: ") && result.errorText.split(separator: "\n").count == 1)
    }

    @Test func anUnknownMountOptionIsNamed() throws {
        let result = try program("mount", "/", "/nowhere", "-o", "ro,colour=blue")
        #expect(result.errorText.contains("colour=blue"))
    }

    @Test func optionsMayStandAfterOperands() throws {
        let before = try program("fsck", "--json", "/nowhere")
        let after = try program("fsck", "/nowhere", "--json")
        #expect(before.status == ExitCode.storeMissing.rawValue && after.status == before.status)
        #expect(try program("fsck", "--", "--json").errorText.contains("there is no store at --json"))
    }

    @Test func storesThatAreNotThere() throws {
        try inTemporaryDirectory { directory in
            let point = directory + "/mnt"
            try TestPath(point).makeDirectory()
            try TestPath(directory + "/file").write("x")
            for store in [directory + "/none", directory + "/file", directory + "/mnt"] {
                for arguments in [
                    ["mount", store, directory + "/point"], ["fsck", store], ["search", store, "c", "text"],
                ] where arguments[0] != "mount" || store != point {
                    let result = try run([Environment.binary] + arguments)
                    #expect(result.status == ExitCode.storeMissing.rawValue || store == point, "\(arguments)")
                    #expect(result.errorText.contains(store))
                }
            }
            #expect(try program("format", directory + "/a/b/c").status == ExitCode.storeMissing.rawValue)
        }
    }

    static let systemPaths = [
        "/", "/usr", "/etc", "/home", "/proc", "/proc/self", "/sys/kernel", "/dev", "/tmp", "/var/lib",
    ]

    @Test(arguments: systemPaths)
    func systemPathsAreNoMountpoints(path: String) throws {
        try inTemporaryDirectory { directory in
            let result = try program("mount", "--create", directory + "/store", path)
            #expect(result.status == ExitCode.mountpointUnusable.rawValue, "\(result.errorText)")
            // Refused before anything was made.
            #expect(try TestPath(directory).list().isEmpty)
        }
    }

    @Test func mountpointsThatCannotBe() throws {
        try inTemporaryDirectory { directory in
            let (store, full) = (directory + "/store", directory + "/full")
            try TestPath(full).makeDirectory()
            try TestPath(full + "/file").write("mine")
            try TestPath(store).makeDirectory()
            try TestPath(store + "/inside").makeDirectory()
            for (point, word) in [
                (directory + "/none", "does not exist"), (full, "not empty"), (full + "/file", "not a directory"),
                (directory, "hide it"), (store + "/inside", "inside the store"),
            ] {
                let result = try program("mount", "--create", store, point)
                #expect(result.status == ExitCode.mountpointUnusable.rawValue)
                #expect(result.errorText.contains(word), "\(point): \(result.errorText)")
            }
            #expect(try TestPath(full + "/file").text() == "mine")
        }
    }

    @Test func unmountingWhatIsNotMounted() throws {
        try inTemporaryDirectory { directory in
            for path in [directory, directory + "/none", "/", "/tmp"] {
                let result = try program("umount", path)
                #expect(result.status == ExitCode.notMounted.rawValue)
                #expect(result.errorText.contains(path))
            }
        }
    }

    @Test func theMountHelpersFakeMountsNothing() throws {
        try inTemporaryDirectory { directory in
            let (helper, store, point) = (directory + "/mount.vexfs", directory + "/store", directory + "/mnt")
            try FileManager.default.createSymbolicLink(atPath: helper, withDestinationPath: Environment.binary)
            for path in [store, point] { try TestPath(path).makeDirectory() }
            #expect(try run([helper, store, point, "-f", "-o", "rw,dev,suid,x-systemd.automount"]).status == 0)
            #expect(try run([helper, store, point, "-f", "-o", "colour"]).status == ExitCode.usage.rawValue)
            #expect(try run([helper, store]).status == ExitCode.usage.rawValue)
            #expect(try TestPath(point).list().isEmpty)
        }
    }

    @Test func withoutArgumentsItShowsWhatIsMounted() throws {
        let status = try program()
        #expect(status.text.contains("vexfs-fuse mount --create") && status.text.contains("vexfs-fuse umount"))
        #expect(try program("status").lines.last == status.lines.last)
    }
}
