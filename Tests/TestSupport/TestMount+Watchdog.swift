import CTestSupport
import Foundation

extension TestMount {
    /// The processes that run `vexfs-fuse` with this store as an argument.
    static func processes(serving store: String) -> [pid_t] {
        let numbers = ((try? TestPath("/proc").list()) ?? []).compactMap(pid_t.init)
        return numbers.filter { process in
            let program = (try? TestPath("/proc/\(process)/exe").linkTarget()) ?? ""
            guard program.split(separator: "/").last?.hasPrefix("vexfs-fuse") == true else { return false }
            let arguments = ((try? TestPath("/proc/\(process)/cmdline").read()) ?? []).split(separator: 0)
            return arguments.contains { $0.elementsEqual(store.utf8) } && !isZombie(process)
        }
    }

    /// Whether the process has ended and only waits to be reaped.
    private static func isZombie(_ process: pid_t) -> Bool {
        let status = (try? TestPath("/proc/\(process)/stat").text()) ?? ") Z"
        return status[(status.lastIndex(of: ")") ?? status.startIndex)...].hasPrefix(") Z")
    }

    /// Waits until a process that is not our child has ended; its files are closed and its locks are free then.
    static func awaitEnd(of process: pid_t) throws {
        let handle = test_pidfd_open(process)
        guard handle >= 0 else { return }
        defer { Glibc.close(handle) }
        var waiting = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(30_000 * Environment.slowness)) == 1 else {
            throw MountFailure("process \(process) does not end")
        }
    }

    static let watchdogScript = """
        read -r -t "$1" word
        [ "$word" = done ] && exit 0
        for process in /proc/[0-9]*; do
            case $(readlink "$process/exe") in
            */vexfs-fuse*) grep -qzxF -- "$2" "$process/cmdline" && kill -9 "${process#/proc/}" ;;
            esac
        done 2>/dev/null
        fusermount3 -u -z "$3" 2>/dev/null
        rm -rf --one-file-system "$4"
        """

    /// Starts the process that cleans up when we cannot.
    static func spawnWatchdog(
        _ store: String, _ point: String, _ directory: String, _ limit: Int
    ) throws -> (descriptor: Int32, process: pid_t) {
        var ends: [Int32] = [0, 0]
        guard test_pipe(&ends) == 0 else { throw PosixError(call: "pipe2", path: directory) }
        defer { Glibc.close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let seconds = String(limit * Environment.slowness)
        let arguments = ["bash", "-c", watchdogScript, "watchdog", seconds, store, point, directory]
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, "bash", &actions, nil, &pointers, environ)
        guard failure == 0 else { throw PosixError(call: "posix_spawn", path: "bash", number: failure) }
        return (ends[1], child)
    }
}
