using System; using System.Diagnostics; using System.Runtime.InteropServices; using System.Runtime.CompilerServices;
unsafe {
 byte* mem=(byte*)NativeMemory.AlignedAlloc(8192,64); NativeMemory.Clear(mem,8192);
 byte* st=mem, w=mem+128, data=mem+4096-64;
 L.Init(st);
 for(int r=0;r<12;r++){
  foreach(int b in new[]{1,2,4}){ long s=Stopwatch.GetTimestamp(); Run(st,w,data,b); Console.Write($"{b}: {Stopwatch.GetElapsedTime(s).TotalNanoseconds/100000/b:F0}  "); }
  Console.WriteLine();
 }
}
[MethodImpl(MethodImplOptions.NoInlining)] static unsafe void Run(byte* st, byte* w, byte* data, int b){ for(int i=0;i<100000;i++){ Unsafe.CopyBlock(w,st,128); L.Update(w,data,(nuint)(64*b)); } }
static unsafe partial class L{
 [LibraryImport("libcrypto.so.3",EntryPoint="SHA256_Init"),SuppressGCTransition] public static partial int Init(byte* s);
 [LibraryImport("libcrypto.so.3",EntryPoint="SHA256_Update"),SuppressGCTransition] public static partial int Update(byte* s, byte* d, nuint n);
}
