using System.Globalization;
using System.Net.Sockets;

using Microsoft.Win32.SafeHandles;

namespace Peregrine.App.Control;

/// <summary>
/// The address of a Unix socket whose path may be longer than the 107 bytes that an address holds: such a path goes through its folder's entry in
/// /proc/self/fd, which is short. Keep it until the socket is bound or connected.
/// </summary>
internal sealed partial class SocketAddressPath : IDisposable
{
    private const int PathBytesMax = 107;

    private readonly SafeFileHandle? _folder;

    public SocketAddressPath(string path)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            int descriptor = Open(Path.GetDirectoryName(path)!, DirectoryOnlyCloseOnExec);
            if (descriptor < 0) throw new IOException($"the folder of '{path}' cannot be opened");
            _folder = new SafeFileHandle(descriptor, ownsHandle: true);
            path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}/{Path.GetFileName(path)}");
        }
        EndPoint = new UnixDomainSocketEndPoint(path);
    }

    public UnixDomainSocketEndPoint EndPoint { get; }

    public void Dispose() => _folder?.Dispose();

    /// <summary>O_PATH is enough to be walked through, needs no right to list the folder, and has one value on every Linux but Alpha.</summary>
    private const int DirectoryOnlyCloseOnExec = 0x200000 | 0x80000;

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "open", StringMarshalling = System.Runtime.InteropServices.StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
