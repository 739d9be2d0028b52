// The parts of a mini-swe-agent recording, as its files have them.

export const call = (id: string, args: string) => ({
  id,
  index: 0,
  type: 'function',
  function: { name: 'bash', arguments: args },
});

export const said = (id: string, command: string, seconds: number, more: object = {}) => {
  const toolCalls = [call(id, JSON.stringify({ command }))];
  return {
    role: 'assistant',
    content: `I run ${command}.`,
    tool_calls: toolCalls,
    function_call: null,
    provider_specific_fields: null,
    extra: {
      actions: [{ command, tool_call_id: id }],
      response: {
        id: `answer-${id}`,
        created: 1775000000,
        model: 'deepseek-chat',
        choices: [
          {
            finish_reason: 'tool_calls',
            index: 0,
            message: { content: `I run ${command}.`, role: 'assistant', tool_calls: toolCalls },
            provider_specific_fields: {},
          },
        ],
        usage: { prompt_tokens: 100, completion_tokens: 10 },
      },
      cost: 0.25,
      timestamp: seconds,
    },
    ...more,
  };
};

export const ran = (id: string, output: string, seconds: number, extra: object = {}) => ({
  role: 'tool',
  tool_call_id: id,
  content: `<returncode>0</returncode>\n<output>\n${output}</output>`,
  extra: { raw_output: output, returncode: 0, timestamp: seconds, exception_info: '', ...extra },
});

const start = [
  { role: 'system', content: 'You are …' },
  { role: 'user', content: 'Fix it.' },
];

export const exit = (status: string, content: string, more: object = {}) => ({
  role: 'exit',
  content,
  extra: { exit_status: status, submission: status === 'Submitted' ? content : '', ...more },
});

export const recording = (messages: readonly object[], info: object = {}) => ({
  trajectory_format: 'mini-swe-agent-1.1',
  instance_id: 'django__django-1',
  info: {
    exit_status: 'Submitted',
    submission: 'diff',
    model_stats: { instance_cost: 0.5, api_calls: 2 },
    config: { model: { model_name: 'deepseek/deepseek-chat' }, agent: { step_limit: 250 } },
    mini_version: '2.2.7',
    ...info,
  },
  messages: [...start, ...messages],
});
