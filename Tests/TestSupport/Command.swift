import Foundation

/// What a finished program left behind.
public struct CommandResult: Sendable {
    /// Exit status; 128 + signal where a signal ended it.
    public var status: Int32
    /// Everything it wrote to standard output.
    public var output: [UInt8]
    /// Everything it wrote to standard error.
    public var errors: [UInt8]

    /// Standard output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    public var errorText: String { String(decoding: errors, as: UTF8.self) }
    /// The lines of standard output.
    public var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// Runs a program with a time limit.
///
/// Standard output and error go through files, not pipes: a program that leaves a daemon behind, as `mount` does, would
/// otherwise keep the reader waiting for as long as the daemon lives.
/// - Throws: `PosixError` where the program could not be started.
@discardableResult
public func run(
    _ arguments: [String], in directory: String = "/", input: [UInt8] = [], environment: [String: String] = [:],
    timeLimitSeconds: Int = 60
) throws -> CommandResult {
    let scratch = try makeTemporaryDirectory()
    defer { removeTree(scratch) }
    let (inputPath, outputPath, errorPath) = (scratch + "/in", scratch + "/out", scratch + "/err")
    try TestPath(inputPath).write(input)
    var command = ["timeout", "-k", "2", String(timeLimitSeconds * Environment.slowness), "env", "-C", directory]
    command += environment.map { "\($0.key)=\($0.value)" } + arguments

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var argumentPointers = command.map { strdup($0) } + [nil]
    defer { for pointer in argumentPointers { free(pointer) } }
    var child: pid_t = 0
    let failure = posix_spawnp(&child, "timeout", &actions, nil, &argumentPointers, environ)
    guard failure == 0 else { throw PosixError(call: "posix_spawn", path: command[0], number: failure) }

    let status = waitForExit(of: child)
    return CommandResult(
        status: status, output: try TestPath(outputPath).read(), errors: try TestPath(errorPath).read())
}

/// Waits for a child and returns its exit status, 128 + signal where a signal ended it.
public func waitForExit(of child: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
}

/// Whether a program can be found in `PATH`.
public func isInstalled(_ program: String) -> Bool {
    (try? run(["sh", "-c", "command -v \(program)"]).status == 0) ?? false
}

/// Makes an empty directory of its own below the system's directory for temporary files.
public func makeTemporaryDirectory() throws -> String {
    var template = Array("\(Environment.temporaryDirectory)/vexfs-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw PosixError(call: "mkdtemp", path: "vexfs-test-XXXXXX") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a directory with everything in it, staying on its file system.
public func removeTree(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
}
