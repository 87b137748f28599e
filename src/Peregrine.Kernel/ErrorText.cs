namespace Peregrine.Kernel;

internal static class ErrorText
{
    private const int CharactersMax = 400;

    /// <summary>Type and message of an exception on one line of bounded length.</summary>
    public static string InOneLine(this Exception error)
    {
        string text = $"{error.GetType().Name}: {error.Message}".ReplaceLineEndings(" ");
        return text.Length <= CharactersMax ? text : text[..CharactersMax];
    }
}
