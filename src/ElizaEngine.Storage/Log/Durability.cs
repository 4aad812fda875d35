namespace ElizaEngine.Storage;

/// <summary>What an acknowledged commit survives.</summary>
internal enum Durability
{
    /// <summary>Nothing: for the memory file system.</summary>
    None,

    /// <summary>The end of the process. A power loss may take the last <see cref="LogOptions.FlushInterval"/>.</summary>
    ProcessCrash,

    /// <summary>Power loss: acknowledged after the flush.</summary>
    PowerLoss,
}
