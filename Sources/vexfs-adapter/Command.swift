import Glibc
import VexValues

/// The program.
@main
enum Command {
    static func main() {
        restoreCrashSignals()
        do throws(AdapterOptions.Stop) {
            let options = try AdapterOptions(Array(CommandLine.arguments.dropFirst()))
            exit(Adapter.run(options, configuration: try configuration(options)))
        } catch {
            switch error {
            case .help: print(AdapterOptions.help, terminator: "")
            case .version: print("vexfs-adapter \(Adapter.version)")
            case .wrong(let problem):
                AdapterLog().error(problem)
                exit(2)
            }
        }
    }

    /// A crash must end the process at once, and not draw a backtrace first.
    private static func restoreCrashSignals() {
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
        signal(SIGPIPE, SIG_IGN)
    }

    private static func configuration(_ options: AdapterOptions) throws(AdapterOptions.Stop) -> AdapterConfiguration {
        var configuration = AdapterConfiguration()
        if let path = options.configuration {
            guard let bytes = FileBytes.read(path) else {
                throw .wrong("\(path): \(String(cString: strerror(errno)))")
            }
            do throws(VexFSError) { configuration = try AdapterConfiguration(bytes) } catch {
                throw .wrong("\(path): \(error)")
            }
        }
        guard options.isLoopback || configuration.authority.isRequired else {
            throw .wrong(
                "--host \(options.host) can be reached from other machines: that needs \"users\" with tokens "
                    + "in the file "
                    + "of --config")
        }
        return configuration
    }
}
