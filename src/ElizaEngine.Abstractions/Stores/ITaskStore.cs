namespace ElizaEngine;

/// <summary>Tasks. Scope of every call: this agent.</summary>
public interface ITaskStore
{
    /// <summary>The tasks that match, oldest first, then by id ascending.</summary>
    Task<IReadOnlyList<AgentTask>> GetTasksAsync(TaskQuery query, CancellationToken cancellationToken = default);

    /// <summary>The tasks with these ids, oldest first, then by id ascending; unknown ids are skipped, repeated ids count once.</summary>
    Task<IReadOnlyList<AgentTask>> GetTasksByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>Stores tasks; an id that exists stays as it is. One result per item, in order. Atomic.</summary>
    /// <exception cref="InvalidInputException">A task without a world.</exception>
    /// <exception cref="ReferenceNotFoundException">The agent does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateTasksAsync(IReadOnlyList<AgentTask> tasks, CancellationToken cancellationToken = default);

    /// <summary>Changes tasks and sets their updatedAt. Returns how many were there. Atomic.</summary>
    Task<int> UpdateTasksAsync(IReadOnlyList<AgentTaskUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>Removes tasks. Returns how many were there. Atomic.</summary>
    Task<int> DeleteTasksAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);
}
