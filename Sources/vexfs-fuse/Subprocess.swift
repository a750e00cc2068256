import CFuseShim
import Glibc

/// Runs another program and waits for it.
enum Subprocess {
    /// Runs a program found in PATH, with no input; its standard output is thrown away.
    /// - Returns: the exit code, 127 where it could not be started or died of a signal, and its standard error.
    static func run(_ arguments: [String]) -> (status: Int32, errors: String) {
        guard let pipe = try? Pipe() else { return (127, Terminal.reason()) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, pipe.writing, STDERR_FILENO)
        var vector: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        vector.append(nil)
        defer { for pointer in vector { free(pointer) } }
        var process = pid_t()
        let started = posix_spawnp(&process, arguments[0], &actions, nil, vector, vexfs_environment())
        close(pipe.writing)
        defer { close(pipe.reading) }
        guard started == 0 else { return (127, "\(arguments[0]): \(Terminal.reason(started))") }
        let errors = Terminal.readAll(from: pipe.reading) ?? []
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 127
        return (code, String(decoding: errors, as: UTF8.self))
    }
}
